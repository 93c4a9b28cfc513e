import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnect } from "../../src/ssh/connect.ts";
import { connectWithin } from "../../src/ssh/connect-within.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { fingerprint, parsePublicKey } from "../../src/ssh/public-key.ts";
import { systemClock } from "../../src/util/clock.ts";
import { Secret } from "../../src/util/secret.ts";
import { freePort, type Sshd, startSshd, until } from "../support/sshd.ts";

const { signal } = new AbortController();
const connect = createConnect({ clock: systemClock, handshakeMs: 1000 });
const printOf = (line: string): string => fingerprint(parsePublicKey(line)?.blob ?? Buffer.alloc(0));
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
});

afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
});

describe("connecting to a real sshd", () => {
  it("uses curve25519 and aes-gcm, and asks for the user with the key at once", async () => {
    const before = sshd.log().length;
    await using connection = await connect(sshd.target(), signal);
    expect([connection.name, connection.user, connection.address]).toEqual(["node1", "root", "127.0.0.1"]);
    const log = sshd.log().slice(before);
    expect(log).toContain("kex: algorithm: curve25519-sha256");
    expect(log).toContain("cipher: aes128-gcm@openssh.com");
    expect(log).not.toContain("method none");
    expect(log.match(/userauth-request/g)).toHaveLength(2); // the question whether the key will do, and the signature
  });

  it("takes any of several pinned keys, also with a comment", async () => {
    const hostKeys = [generateKeyPair("old").publicKey, `${sshd.hostKey.publicKey} now`];
    await using connection = await connect(sshd.target({ hostKeys }), signal);
    expect((await connection.exec(["true"], { signal })).code).toBe(0);
  });

  it("refuses another host key, names both, and sends nothing", async () => {
    const before = sshd.log().length;
    const pinned = generateKeyPair("other").publicKey;
    await expect(connect(sshd.target({ hostKeys: [pinned] }), signal)).rejects.toMatchObject({
      code: "ssh.host-key",
      retryable: false,
      message: `node1 (127.0.0.1 port ${sshd.port}) showed the host key ${printOf(sshd.hostKey.publicKey)}, but ${printOf(pinned)} is pinned; nothing was sent`,
    });
    await until(
      () =>
        /\[preauth\]/.test(sshd.log().slice(before)) &&
        /Connection (closed|reset)|Disconnect/.test(sshd.log().slice(before)),
      () => "sshd did not see the end of the connection",
    );
    expect(sshd.log().slice(before)).not.toContain("userauth-request");
  });

  it.each([
    ["none is pinned", []],
    ["what is pinned is no key", ["ssh-ed25519 nonsense"]],
  ])("makes no connection at all when %s", async (_, hostKeys) => {
    const before = sshd.log().length;
    await expect(connect(sshd.target({ hostKeys }), signal)).rejects.toMatchObject({ code: "ssh.host-key" });
    // The end of an earlier connection may be told only now.
    expect(sshd.log().slice(before)).not.toContain("Connection from");
  });

  it("names the user and the key that were refused", async () => {
    const stranger = generateKeyPair("stranger");
    await expect(connect(sshd.target({ privateKey: stranger.privateKey }), signal)).rejects.toMatchObject({
      code: "ssh.auth-refused",
      retryable: false,
      message: `node1 refused the key ${printOf(stranger.publicKey)} for the user root`,
      hint: expect.stringContaining("authorized_keys"),
    });
  });

  it("says so when the private key cannot be read", async () => {
    const target = sshd.target({ privateKey: new Secret("not a key") });
    await expect(connect(target, signal)).rejects.toMatchObject({ code: "ssh.auth-refused" });
  });
});

describe("an sshd that is not there", () => {
  it("is unreachable, which may pass, when nothing listens", async () => {
    const port = await freePort();
    await expect(connect(sshd.target({ port }), signal)).rejects.toMatchObject({
      code: "ssh.unreachable",
      retryable: true,
      message: `cannot reach node1 (127.0.0.1 port ${port}): nothing listens there`,
    });
  });

  it.each([
    ["hangs up before it says who it is", true, /ended the SSH handshake/],
    ["accepts and then says nothing", false, /did not finish the SSH handshake within 1 s/],
  ])("is unreachable, which may pass, when it %s", async (_, hangsUp, message) => {
    const server = createServer((socket) => (hangsUp ? socket.end() : socket.resume()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(connect(sshd.target({ port }), signal)).rejects.toMatchObject({
      code: "ssh.unreachable",
      retryable: true,
      message: expect.stringMatching(message),
    });
    server.close();
  });

  it("is unreachable when its address answers nothing", async () => {
    const impatient = createConnect({ clock: systemClock, tcpMs: 50 });
    // 192.0.2.0/24 is for documentation (RFC 5737): packets there are dropped, or there is no route at all.
    await expect(impatient(sshd.target({ address: "192.0.2.1" }), signal)).rejects.toMatchObject({
      code: "ssh.unreachable",
    });
  });

  it("lets the caller give up in the middle", async () => {
    const caller = new AbortController();
    const server = createServer(() => caller.abort(new Error("interrupted")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(connect(sshd.target({ port }), caller.signal)).rejects.toThrow("interrupted");
    server.close();
  });

  it("is met soon after it comes up", async () => {
    const port = await freePort();
    const reaching = connectWithin(
      connect,
      sshd.target({ port }),
      { deadlineMs: 20_000, clock: systemClock, random: Math.random },
      signal,
    );
    await using late = await startSshd({ port, hostKey: sshd.hostKey, clientKey: sshd.clientKey });
    await using connection = await reaching;
    expect((await connection.exec(["true"], { signal })).code).toBe(0);
    expect(late.port).toBe(port);
  });
});

describe("a user who is not root", () => {
  const wantsPassword = '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n';
  /** Stands in for sudo: wants `-n --` as the real one would be called, and runs the command. */
  const passes = '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 99\nshift 2\nexport VIA_SUDO=yes\nexec "$@"\n';

  it.each([
    ["is not installed", {}, /beltuser cannot become root on node1: .*not found/, /Install sudo/],
    ["wants a password", { sudo: wantsPassword }, /^sudo on node1 wants a password from beltuser$/, /NOPASSWD/],
  ])("is refused by name where sudo %s", async (_, programs, message, hint) => {
    await using server = await startSshd({ programs });
    await expect(connect(server.target({ user: server.plainUser }), signal)).rejects.toMatchObject({
      code: "ssh.sudo",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it("runs through sudo what is to run as root, and nothing else", async () => {
    await using server = await startSshd({ programs: { sudo: passes } });
    await using connection = await connect(server.target({ user: server.plainUser }), signal);
    const ask = ["sh", "-c", 'echo "$(id -un) via sudo: $VIA_SUDO"'];
    expect((await connection.exec(ask, { signal })).stdout).toBe("beltuser via sudo: \n");
    expect((await connection.exec(ask, { signal, sudo: true })).stdout).toBe("beltuser via sudo: yes\n");
    await connection.writeFile(`${server.folder}/home/of-the-user`, "x", 0o640, signal);
    expect((await connection.exec(["ls", `${server.folder}/home`], { signal })).stdout).toBe("of-the-user\n");
  });

  it("costs root no question: the first channel is the first command's", async () => {
    const before = sshd.log().length;
    await using connection = await connect(sshd.target(), signal);
    await connection.exec(["true"], { signal, sudo: true });
    expect(
      sshd
        .log()
        .slice(before)
        .match(/server_input_channel_req: channel \d+ request exec/g),
    ).toHaveLength(1);
  });
});
