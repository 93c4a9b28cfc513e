import { once } from "node:events";
import { createServer } from "node:https";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAuthority } from "../../src/pki/create-authority.ts";
import { systemClock } from "../../src/util/clock.ts";
import type { Outside } from "../support/outside.ts";
import { failuresOf, finishes, openRig, type Rig } from "../support/rig.ts";

const host = "download.docker.com";

/** A key that is whole, and not the one that Docker signs with. */
const otherKey = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawEHZRYJKwYBBAHaRw8BAQdADtsDR3L1QpNiw0uMYkqUI9SSVD+bF78j5A++
VIBR8p20H05vdCBEb2NrZXIgPG5vYm9keUBleGFtcGxlLmNvbT6IkAQTFggAOBYh
BEncnI7hQEi798gsm/vR9liVUwAPBQJrAQdlAhsDBQsJCAcCBhUKCQgLAgQWAgMB
Ah4BAheAAAoJEPvR9liVUwAPYXMBAOmV/N8g8u8g/qTXDtVin6K8AxIMPeZyDjqT
Hu2JBwxBAQCFWOMNACi7tU0IgUxDaUAw2FBSVstCj72wtF/RUOCQAA==
=uImj
-----END PGP PUBLIC KEY BLOCK-----
`;
const otherFingerprint = "49DC9C8EE14048BBF7C82C9BFBD1F6589553000F";
const dockersFingerprint = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88";

let rig: Rig;
beforeAll(async () => {
  const groups = "groups:\n  managers: { role: manager, machines: mg1 }\n";
  rig = await openRig("fail-pinned", `engine: { version: "29.1" }\nlocal: { image: debian-13 }\n${groups}`);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Sends what the machine wants from Docker's repository to another address. */
async function redirect(machine: Outside, address: string): Promise<void> {
  await machine.script(`sed -i '/${host}/d' /etc/hosts && echo '${address} ${host}' >>/etc/hosts`);
}

/** Proves that no engine came, and that nothing of the repository is trusted or known. */
async function expectUntouched(machine: Outside): Promise<void> {
  const found = "ls /usr/bin/dockerd /etc/apt/keyrings/* /etc/apt/sources.list.d/*docker* 2>/dev/null || true";
  expect(await machine.script(found)).toBe("");
  expect(await machine.script("dpkg -l | grep -E 'docker|containerd' || true")).toBe("");
}

it("a pinned version is refused clearly, and none is installed, when Docker's repository cannot be reached", async () => {
  const up = rig.start("up", "--yes", "--json");
  await up.event(finishes("create", "mg1"));
  const machine = await rig.machine("mg1");
  await redirect(machine, "127.0.0.1"); // where nobody listens
  const ended = await up.ended;
  expect(failuresOf(ended)).toEqual(["mg1 engine engine.install"]);
  expect(ended.code).toBe(1);
  expect(ended.stdout).toMatch(/mg1: cannot read Docker's repository: curl: .*download\.docker\.com/);
  await expectUntouched(machine);
});

it("a repository that shows another key is refused with both fingerprints, and nothing of it is trusted", async () => {
  const machine = await rig.machine("mg1");
  const gateway = (await machine.run("ip", "route", "show", "default")).split(" ")[2] ?? "";
  const authority = createAuthority({ commonName: "test", clock: systemClock });
  const { certificatePem: cert, keyPem } = authority.issueServer([host], [gateway]);
  const asked: string[] = [];
  const server = createServer({ cert, key: keyPem.reveal() }, (request, response) => {
    asked.push(request.url ?? "");
    response.end(otherKey);
  }).listen(443, gateway);
  await once(server, "listening");
  try {
    await redirect(machine, gateway);
    const bundle = "/etc/ssl/certs/ca-certificates.crt";
    await machine.script(`cat >>${bundle} <<'END'\n${authority.certificatePem}END`);
    const ended = await rig.up();
    expect(failuresOf(ended)).toEqual(["mg1 engine engine.install"]);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain(`is not Docker's: ${otherFingerprint}, expected ${dockersFingerprint}`);
    expect(asked).toEqual(["/linux/debian/gpg"]);
    await expectUntouched(machine);
  } finally {
    server.close();
  }
});
