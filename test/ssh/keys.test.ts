import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import ssh2 from "ssh2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKeyPair, readPublicKeys } from "../../src/ssh/keys.ts";
import { fingerprint, parsePublicKey } from "../../src/ssh/public-key.ts";

const mine = generateKeyPair("me@host").publicKey;
const other = generateKeyPair("").publicKey.trim();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "belt-keys-"));
  await mkdir(path.join(folder, ".ssh"));
  await writeFile(path.join(folder, ".ssh/id_ed25519.pub"), `${mine}\n`);
  await writeFile(path.join(folder, "team.pub"), `# the team\n${mine}\n\n${other}\n`);
  await writeFile(path.join(folder, "empty.pub"), "# nobody yet\n");
  await writeFile(path.join(folder, "id"), generateKeyPair("x").privateKey.reveal(), { mode: 0o600 });
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("generateKeyPair", () => {
  it("makes pairs that ssh2 reads, whose halves belong together", () => {
    for (let round = 0; round < 200; round += 1) {
      const pair = generateKeyPair(`round ${round}`);
      const parsed = ssh2.utils.parseKey(pair.privateKey.reveal());
      if (parsed instanceof Error) throw parsed;
      expect(parsed.comment).toBe(`round ${round}`);
      expect(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")} round ${round}`).toBe(pair.publicKey);
      expect(parsed.verify("text", parsed.sign("text"))).toBe(true);
    }
  });

  it("makes private keys that ssh-keygen reads and derives the same public key from", async () => {
    const pair = generateKeyPair("belt-shop");
    const file = path.join(folder, "generated");
    await writeFile(file, pair.privateKey.reveal(), { mode: 0o600 });
    expect(spawnSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).stdout.trim()).toBe(pair.publicKey);
  });

  it("never shows the private key when it is printed", () => {
    expect(JSON.stringify(generateKeyPair("x"))).toContain('"privateKey":"[secret]"');
  });
});

describe("fingerprint", () => {
  it("equals what ssh-keygen -l prints", async () => {
    const file = path.join(folder, ".ssh/id_ed25519.pub");
    const printed = spawnSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).stdout;
    expect(printed.split(" ")[1]).toBe(fingerprint(parsePublicKey(mine)?.blob ?? Buffer.alloc(0)));
  });
});

describe("parsePublicKey", () => {
  it.each([
    ["an empty line", ""],
    ["a lone type", "ssh-ed25519"],
    ["a type that the blob does not have", mine.replace("ssh-ed25519 ", "ssh-rsa ")],
    ["what is not base64", "ssh-ed25519 AAAA*"],
    ["a blob that is cut", mine.split(" ").slice(0, 2).join(" ").slice(0, 30)],
    ["options before the key", `no-pty ${mine}`],
  ])("refuses %s", (_, line) => {
    expect(parsePublicKey(line)).toBeUndefined();
  });
});

describe("readPublicKeys", () => {
  const read = (...sources: string[]) => readPublicKeys(sources, { homeFolder: folder, folder });

  it.each([
    ["a literal", [mine], [mine]],
    ["a path in the home folder", ["~/.ssh/id_ed25519.pub"], [mine]],
    ["a relative path with several keys and a comment", ["team.pub"], [mine, other]],
    ["the same key twice, once", ["team.pub", "~/.ssh/id_ed25519.pub", mine], [mine, other]],
    ["nothing", [], []],
  ])("takes %s", async (_, sources, expected) => {
    expect(await read(...sources)).toEqual(expected);
  });

  it.each([
    ["a file that is not there", "~/.ssh/none.pub", "there is no public key file ~/.ssh/none.pub"],
    ["a private key", "id", "id is a private key, which never leaves this host"],
    ["a file without keys", "empty.pub", "empty.pub holds no public key that OpenSSH would take"],
    [
      "a broken literal",
      "ssh-ed25519 AAAAbroken",
      "ssh-ed25519 AAAAbroken holds no public key that OpenSSH would take",
    ],
  ])("refuses %s by name", async (_, source, message) => {
    await expect(read(mine, source)).rejects.toMatchObject({ code: "usage.invalid", message });
  });
});
