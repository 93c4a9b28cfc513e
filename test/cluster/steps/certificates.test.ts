import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { certificates } from "../../../src/cluster/steps/certificates.ts";
import { ScriptedConnection } from "../../support/scripted-connection.ts";
import { anyEngine, contextOver, machine, wordAuthority } from "../../support/step-context.ts";

const signal = () => AbortSignal.timeout(5_000);
const command = "read the certificates";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const subject = "node1 localhost 10.0.0.5 203.0.113.5 127.0.0.1";

const good = {
  certificate: base64(`good for ${subject}`),
  authority: base64(wordAuthority.certificatePem),
  keyMode: "600:0",
  whole: "yes",
};

function machineWith(said: Readonly<Record<string, string>>) {
  const stdout = Object.entries(said).map(([key, value]) => `belt.${key}=${value}\n`);
  return new ScriptedConnection([{ command, answer: { stdout: stdout.join("") } }], { writable: true });
}

describe("certificates", () => {
  it("that are good are left alone, after one look", async () => {
    const connection = machineWith(good);
    expect(await certificates.run(contextOver(connection), signal())).toEqual({
      effect: "unchanged",
      detail: "for node1, localhost, 10.0.0.5, 203.0.113.5, 127.0.0.1",
    });
    expect(connection.commands).toHaveLength(1);
    expect(connection.files).toEqual([]);
  });

  it.each([
    ["are not there", {}],
    ["do not name an address of the machine", { ...good, certificate: base64("good for node1") }],
    ["are of another cluster", { ...good, authority: base64("another authority") }],
    ["have a key that is missing or damaged", { ...good, whole: "" }],
    ["have a key that others could read", { ...good, keyMode: "644:0" }],
  ])("that %s are issued anew", async (_, said) => {
    const connection = machineWith(said);
    expect(await certificates.run(contextOver(connection), signal())).toMatchObject({ effect: "changed" });
    expect(connection.files.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
      ["/etc/docker/beltkit/ca.pem", "644"],
      ["/etc/docker/beltkit/server-cert.pem", "644"],
      ["/etc/docker/beltkit/server-key.pem", "600"],
      ["/etc/docker/beltkit/issued.sha256", "600"],
    ]);
  });

  it("are written with their digests last, as sha256sum reads them", async () => {
    const connection = machineWith({});
    await certificates.run(contextOver(connection), signal());
    const written = connection.files.slice(0, 3);
    const lines = written.map(
      ({ path, content }) => `${createHash("sha256").update(content).digest("hex")}  ${path}\n`,
    );
    expect(connection.files[3]?.content).toBe(lines.join(""));
  });

  it("send no key in the words of a command", async () => {
    const connection = machineWith({});
    await certificates.run(contextOver(connection), signal());
    expect(JSON.stringify(connection.commands)).not.toContain("the key");
  });

  it("name each address once where a machine has one only", async () => {
    const connection = machineWith({});
    const one = { ...machine, publicAddress: "10.0.0.5" };
    await certificates.run(contextOver(connection, { machine: one }), signal());
    expect(connection.files[1]?.content).toBe("good for node1 localhost 10.0.0.5 127.0.0.1");
  });

  it("are not asked for where the endpoint is off", async () => {
    const connection = new ScriptedConnection([]);
    const context = contextOver(connection, { engineSpec: { ...anyEngine, api: "off" } });
    expect(await certificates.run(context, signal())).toMatchObject({ effect: "unchanged" });
  });
});
