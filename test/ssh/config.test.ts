import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sshConfigText } from "../../src/ssh/config.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { openKnownHosts } from "../../src/ssh/known-hosts.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

let sshd: Sshd;
let folder = "";

beforeAll(async () => {
  sshd = await startSshd();
  folder = path.join(sshd.folder, 'a folder with 100% odd "names"');
  await mkdir(folder);
  await writeFile(path.join(folder, "key"), sshd.clientKey.privateKey.reveal(), { mode: 0o600 });
  const knownHosts = openKnownHosts(path.join(folder, "known_hosts"));
  await knownHosts.pin("node1", [sshd.hostKey.publicKey]);
  await knownHosts.pin("stranger", [generateKeyPair("other").publicKey]);
  const host = { address: "127.0.0.1", port: sshd.port, user: "root" };
  const config = sshConfigText(
    [
      { ...host, names: ["node1", "node1.shop"], hostKeyAlias: "node1" },
      { ...host, names: ["stranger"], hostKeyAlias: "stranger" },
      { ...host, names: ["unknown"], hostKeyAlias: "unknown" },
    ],
    { identity: path.join(folder, "key"), knownHosts: path.join(folder, "known_hosts") },
  );
  await writeFile(path.join(sshd.folder, "ssh_config"), config);
});

afterAll(async () => {
  await sshd[Symbol.asyncDispose]();
});

async function ssh(...words: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn("ssh", ["-F", path.join(sshd.folder, "ssh_config"), "-o", "BatchMode=yes", ...words]);
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.end();
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

describe("the configuration for plain ssh", () => {
  it.each(["node1", "node1.shop"])("lets plain ssh in under the name %s, with the pinned key", async (name) => {
    expect(await ssh(name, "echo", "in")).toEqual({ code: 0, out: "in\n", err: "" });
  });

  it.each([
    ["another key is pinned", "stranger", /REMOTE HOST IDENTIFICATION HAS CHANGED/],
    ["no key is pinned", "unknown", /Host key verification failed/],
  ])("lets plain ssh refuse a machine when %s", async (_, name, message) => {
    const result = await ssh(name, "true");
    expect([result.code, result.out]).toEqual([255, ""]);
    expect(result.err).toMatch(message);
  });

  it("says nothing about no machines", () => {
    expect(sshConfigText([], { identity: "/k", knownHosts: "/h" })).toBe("");
  });
});
