import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createConnect } from "../../../src/ssh/connect.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import { connectAsOperator, type OwnConnection } from "../../../src/ssh/openssh/connect-as-operator.ts";
import { fingerprint, parsePublicKey } from "../../../src/ssh/public-key.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { type OwnSsh, openOwnSsh } from "../../support/own-ssh.ts";
import { freePort, type Sshd, startSshd, until } from "../../support/sshd.ts";

let sshd: Sshd;
let own: OwnSsh;
const signal = AbortSignal.timeout(120_000);
const line = (server: Sshd): string => `[127.0.0.1]:${server.port} ${server.hostKey.publicKey}`;
const host = (change: Partial<{ address: string; port: number; jump: string }> = {}) => ({
  ...{ address: "127.0.0.1", user: undefined, port: sshd.port, jump: undefined },
  ...change,
});

function connect(
  change: { hostKeys?: "strict" | "accept-new"; user?: string; env?: OwnSsh["env"] } & Parameters<typeof host>[0] = {},
): Promise<OwnConnection> {
  const { hostKeys = "strict", user = "root", env = own.env, ...where } = change;
  const login = { name: "box1", host: { ...host(where), user }, user, hostKeys };
  return connectAsOperator(login, { clock: systemClock, env }, signal);
}

beforeAll(async () => {
  sshd = await startSshd({ programs: { sudo: '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 1\nshift 2\nexec "$@"\n' } });
});
afterAll(async () => sshd[Symbol.asyncDispose]());
beforeEach(async () => {
  own = await openOwnSsh();
  await own.writeKey("id", sshd.clientKey.privateKey.reveal());
  await own.writeKnownHosts([line(sshd)]);
  return () => own[Symbol.asyncDispose]();
});

describe("a connection by the operator's own ssh", () => {
  it("runs commands as they are given, with their input, and tells how they ended", async () => {
    await using connection = await connect();
    const result = await connection.exec(["sh", "-c", 'cat; echo "$1" >&2; exit 7', "x", "a 'b' $c"], {
      signal,
      stdin: "in",
    });
    expect(result).toEqual({ code: 7, stdout: "in", stderr: "a 'b' $c\n" });
    const chunks: Buffer[] = [];
    const seen = await connection.exec(["echo", "hello"], {
      signal,
      collect: false,
      onStdout: (chunk) => chunks.push(chunk),
    });
    expect([seen.stdout, Buffer.concat(chunks).toString()]).toEqual(["", "hello\n"]);
  });

  it("takes the exit code 255 of a command for what it is, while the connection is there", async () => {
    await using connection = await connect();
    expect(await connection.exec(["sh", "-c", "exit 255"], { signal })).toMatchObject({ code: 255 });
  });

  it("writes files, whole and with their mode", async () => {
    await using connection = await connect();
    const file = path.join(sshd.folder, "home", "made", "file");
    await connection.writeFile(file, "text", 0o640, signal);
    expect(readFileSync(file, "utf8")).toBe("text");
  });

  it("says which host key ssh verified", async () => {
    await using connection = await connect();
    const key = parsePublicKey(sshd.hostKey.publicKey);
    expect(connection.verified).toEqual({ type: "ssh-ed25519", fingerprint: fingerprint(key?.blob ?? Buffer.of()) });
  });

  it("finds a host by its alias in the operator's configuration", async () => {
    await own.configure(`Host box\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User root`);
    const login = {
      name: "box1",
      host: { address: "box", user: undefined, port: undefined, jump: undefined },
      user: "root",
      hostKeys: "strict",
    } as const;
    await using connection = await connectAsOperator(login, { clock: systemClock, env: own.env }, signal);
    expect((await connection.exec(["id", "-u"], { signal })).stdout).toBe("0\n");
  });

  it("goes over jump hosts, and is there only when the host itself is", async () => {
    await using jump = await startSshd({ clientKey: sshd.clientKey });
    await own.writeKnownHosts([line(sshd), line(jump)]);
    await using connection = await connect({ jump: `root@127.0.0.1:${jump.port}` });
    expect((await connection.exec(["echo", "far"], { signal })).stdout).toBe("far\n");
    const key = parsePublicKey(sshd.hostKey.publicKey);
    expect(connection.verified?.fingerprint).toBe(fingerprint(key?.blob ?? Buffer.of()));
  });

  it("becomes root by sudo where the user is not root", async () => {
    await using connection = await connect({ user: sshd.plainUser });
    expect((await connection.exec(["id", "-un"], { signal })).stdout).toBe(`${sshd.plainUser}\n`);
    expect((await connection.exec(["echo", "by sudo"], { signal, sudo: true })).stdout).toBe("by sudo\n");
  });

  it("gives up a command that takes too long", async () => {
    await using connection = await connect();
    await expect(connection.exec(["sleep", "60"], { signal, deadlineMs: 300 })).rejects.toMatchObject({
      code: "ssh.deadline",
    });
  });

  it("says that the connection ended when it did", async () => {
    await using connection = await connect();
    const running = connection.exec(["sleep", "60"], { signal });
    running.catch(() => {});
    await until(
      () => sshd.sessions().length > 2,
      () => "no session",
    );
    sshd.signalSessions("SIGKILL");
    await expect(running).rejects.toMatchObject({ code: "ssh.closed", retryable: true });
  });

  it("has no terminal, and says what has", async () => {
    await using connection = await connect();
    const streams = {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      size: () => undefined,
      onResize: () => () => {},
      setRawMode: () => {},
      term: "dumb",
    };
    await expect(connection.terminal(streams, undefined, signal)).rejects.toMatchObject({
      hint: expect.stringContaining("ssh 127.0.0.1"),
    });
  });
});

describe("the operator's known hosts", () => {
  const hashed = async (): Promise<void> => {
    execFileSync("ssh-keygen", ["-q", "-H", "-f", path.join(own.folder, "known_hosts")], { stdio: "ignore" });
  };

  it("count when they are hashed", async () => {
    await hashed();
    expect(await own.knownHosts()).toMatch(/^\|1\|/);
    await using connection = await connect();
    expect(connection.name).toBe("box1");
  });

  it("vouch for a host by a certificate authority", async () => {
    const ca = path.join(own.folder, "ca");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", ca]);
    await own.writeKey("host.pub", `${sshd.hostKey.publicKey}\n`);
    execFileSync("ssh-keygen", [
      "-q",
      "-s",
      ca,
      "-I",
      "host",
      "-h",
      "-n",
      "127.0.0.1",
      path.join(own.folder, "host.pub"),
    ]);
    const certificate = readFileSync(path.join(own.folder, "host-cert.pub"), "utf8");
    await using certified = await startSshd({
      hostKey: sshd.hostKey,
      clientKey: sshd.clientKey,
      config: [`HostCertificate ${own.folder}/host-cert.pub`],
    });
    expect(certificate).toContain("ssh-ed25519-cert-v01");
    await own.writeKnownHosts([`@cert-authority * ${readFileSync(`${ca}.pub`, "utf8").trim()}`]);
    await using connection = await connect({ port: certified.port });
    expect(connection.verified?.fingerprint).toMatch(/^SHA256:/);
  });

  it.each([
    ["do not have the host", () => [], "your known_hosts does not have"],
    [
      "have another key for it",
      () => [`[127.0.0.1]:${sshd.port} ${generateKeyPair("x").publicKey}`],
      "not the one in your known_hosts",
    ],
    [
      "have its key revoked",
      () => [line(sshd), `@revoked * ${sshd.hostKey.publicKey}`],
      "not the one in your known_hosts",
    ],
  ])("refuse it when they %s", async (_, lines, says) => {
    const written = lines();
    await own.writeKnownHosts(written);
    await expect(connect()).rejects.toMatchObject({ code: "ssh.host-key", message: expect.stringContaining(says) });
    expect(await own.knownHosts()).toBe(written.map((one) => `${one}\n`).join(""));
  });

  it("take a new one only when that was said, and never a changed one", async () => {
    await own.writeKnownHosts([]);
    await using connection = await connect({ hostKeys: "accept-new" });
    expect(connection.verified?.fingerprint).toMatch(/^SHA256:/);
    expect(await own.knownHosts()).not.toBe("");
    await own.writeKnownHosts([`[127.0.0.1]:${sshd.port} ${generateKeyPair("x").publicKey}`]);
    await expect(connect({ hostKeys: "accept-new" })).rejects.toMatchObject({ code: "ssh.host-key" });
  });
});

describe("the operator's keys", () => {
  it("that the host does not take are told with the way out", async () => {
    await own.writeKey("id", generateKeyPair("stranger").privateKey.reveal());
    await expect(connect()).rejects.toMatchObject({
      code: "ssh.auth-refused",
      hint: expect.stringContaining("ssh-add"),
    });
  });

  it("with a passphrase are not asked for, and are taken from the agent", async () => {
    const file = path.join(own.folder, "id");
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "sesame", "-f", file]);
    await expect(connect()).rejects.toMatchObject({ code: "ssh.auth-refused" });
    const socket = path.join(own.folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      const env = { ...own.env, SSH_AUTH_SOCK: socket };
      await own.writeKey("plain", sshd.clientKey.privateKey.reveal());
      const add = () =>
        execFileSync("ssh-add", ["-q", path.join(own.folder, "plain")], {
          env: { ...process.env, ...env },
          stdio: "ignore",
        });
      await until(
        () => {
          try {
            add();
            return true;
          } catch {
            return false;
          }
        },
        () => "the agent does not start",
      );
      await using connection = await connect({ env });
      expect(connection.user).toBe("root");
    } finally {
      agent.kill();
    }
  });
});

it("says why a host cannot be reached", async () => {
  await expect(connect({ port: await freePort() })).rejects.toMatchObject({ code: "ssh.unreachable", retryable: true });
});

it("says that there is no ssh here", async () => {
  await expect(connect({ env: { PATH: "/nowhere" } })).rejects.toMatchObject({ code: "ssh.client" });
});

describe("ssh2 on the operator's way", () => {
  const open = (change: { address?: string; jump?: string }) =>
    createConnect({ clock: systemClock, env: own.env })(
      sshd.target({ way: { address: "127.0.0.1", user: undefined, port: sshd.port, jump: undefined, ...change } }),
      signal,
    );

  it("goes by TCP to where the configuration says", async () => {
    await own.configure(`Host box\n  HostName 127.0.0.1\n  Port ${sshd.port}`);
    const connect = createConnect({ clock: systemClock, env: own.env });
    const way = { address: "box", user: undefined, port: undefined, jump: undefined };
    await using connection = await connect(sshd.target({ address: "192.0.2.1", port: 9, way }), signal);
    expect((await connection.exec(["echo", "there"], { signal })).stdout).toBe("there\n");
  });

  it("goes over a jump host, which is verified too", async () => {
    await using jump = await startSshd({ clientKey: sshd.clientKey });
    await expect(open({ jump: `root@127.0.0.1:${jump.port}` })).rejects.toMatchObject({
      code: "ssh.host-key",
      message: expect.stringContaining("the way to node1"),
    });
    expect(jump.log()).not.toContain("Accepted");
    await own.writeKnownHosts([line(jump)]); // the cluster's own pin stands for the host behind it
    await using connection = await open({ jump: `root@127.0.0.1:${jump.port}` });
    expect((await connection.exec(["echo", "over there"], { signal })).stdout).toBe("over there\n");
    expect(jump.log()).toMatch(/direct-tcpip|server_request_direct_tcpip/);
  });

  it("goes over several jump hosts of the configuration", async () => {
    await using first = await startSshd({ clientKey: sshd.clientKey });
    await using second = await startSshd({ clientKey: sshd.clientKey });
    await own.configure(
      `Host one\n  HostName 127.0.0.1\n  Port ${first.port}\nHost two\n  HostName 127.0.0.1\n  Port ${second.port}\n  ProxyJump one\nHost box\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  ProxyJump two`,
    );
    await own.writeKnownHosts([line(first), line(second)]);
    const connect = createConnect({ clock: systemClock, env: own.env });
    const way = { address: "box", user: undefined, port: undefined, jump: undefined };
    await using connection = await connect(sshd.target({ way }), signal);
    expect((await connection.exec(["echo", "far"], { signal })).stdout).toBe("far\n");
  });

  it("goes by the operator's ProxyCommand", async () => {
    const relay = path.join(own.folder, "relay");
    await own.writeKey(
      "relay.mjs",
      'import net from "node:net"; const s = net.connect(+process.argv[3], process.argv[2]); process.stdin.pipe(s).pipe(process.stdout);',
    );
    await own.configure(
      `Host box\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  ProxyCommand ${process.execPath} ${relay}.mjs %h %p`,
    );
    const connect = createConnect({ clock: systemClock, env: own.env });
    const way = { address: "box", user: undefined, port: undefined, jump: undefined };
    await using connection = await connect(sshd.target({ way }), signal);
    expect((await connection.exec(["echo", "relayed"], { signal })).stdout).toBe("relayed\n");
  });

  it("still refuses a host that shows another key than the pinned one", async () => {
    const connect = createConnect({ clock: systemClock, env: own.env });
    const way = host();
    const target = sshd.target({ way, hostKeys: [generateKeyPair("x").publicKey] });
    await expect(connect(target, signal)).rejects.toMatchObject({ code: "ssh.host-key" });
  });
});
