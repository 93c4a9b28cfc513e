import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { openKnownHosts } from "../../src/ssh/known-hosts.ts";

const bare = (): string => generateKeyPair("").publicKey.trim();
let folder = "";
let file = "";

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "belt-known-"));
  file = path.join(folder, "known_hosts");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a file of pinned host keys", () => {
  it("is empty while there is no file", async () => {
    expect(await openKnownHosts(file).keysOf("node1")).toEqual([]);
  });

  it("gives back what was pinned, also to who opens it later", async () => {
    const key = bare();
    await openKnownHosts(file).pin("node1", [`${key} made here`]);
    expect(await openKnownHosts(file).keysOf("node1")).toEqual([key]);
    expect(await readFile(file, "utf8")).toBe(`node1 ${key}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("drops the old keys of a machine when a new one is pinned", async () => {
    const hosts = openKnownHosts(file);
    const [old, fresh, other] = [bare(), bare(), bare()];
    await hosts.pin("node1", [old]);
    await hosts.pin("node2", [other]);
    await hosts.pin("node1", [fresh]);
    expect([await hosts.keysOf("node1"), await hosts.keysOf("node2")]).toEqual([[fresh], [other]]);
  });

  it("keeps every pin of many that are made at once", async () => {
    const hosts = openKnownHosts(file);
    const names = Array.from({ length: 30 }, (_, index) => `node${index}`);
    const key = bare();
    await Promise.all(names.map((name) => hosts.pin(name, [key])));
    expect(await Promise.all(names.map((name) => hosts.keysOf(name)))).toEqual(names.map(() => [key]));
  });

  it("tells of a pin that was made while somebody else was reading the file", async () => {
    const hosts = openKnownHosts(file);
    const key = bare();
    const early = hosts.keysOf("node1");
    await hosts.pin("node1", [key]);
    expect(await hosts.keysOf("node1")).toEqual([key]);
    await early;
  });

  it("keeps lines that it does not understand, and takes a name out of a line that has several", async () => {
    const [shared, own] = [bare(), bare()];
    await writeFile(file, `# by hand\n@revoked * ${own}\nnode1,10.0.0.1 ${shared} old\n|1|abc|def= ${own}\n`);
    const hosts = openKnownHosts(file);
    expect(await hosts.keysOf("node1")).toEqual([shared]);
    await hosts.forget("node1");
    expect(await readFile(file, "utf8")).toBe(`# by hand\n@revoked * ${own}\n10.0.0.1 ${shared}\n|1|abc|def= ${own}\n`);
  });

  it("knows the keys that are to be replaced from the others, also after they were read again", async () => {
    const [own, passing] = [bare(), bare()];
    await openKnownHosts(file).pin("node1", [own], [passing]);
    expect(await readFile(file, "utf8")).toBe(`node1 ${own}\nnode1 ${passing} bootstrap\n`);
    const hosts = openKnownHosts(file);
    expect(await hosts.keysOf("node1")).toEqual([own, passing]);
    expect(await hosts.bootstrapKeysOf("node1")).toEqual([passing]);
    await hosts.pin("node1", [own]);
    expect(await hosts.bootstrapKeysOf("node1")).toEqual([]);
    expect(await readFile(file, "utf8")).toBe(`node1 ${own}\n`);
  });

  it("does not write when nothing changes", async () => {
    const hosts = openKnownHosts(file);
    await hosts.forget("node1");
    await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["a name with a space", "node 1", bare()],
    ["a name that is a pattern", "node*", bare()],
    ["what is no key", "node1", "ssh-ed25519 none"],
  ])("refuses %s", async (_, alias, key) => {
    await expect(openKnownHosts(file).pin(alias, [key])).rejects.toMatchObject({ code: "internal" });
  });

  it("keeps each of many pins that come at once, and of two for one alias the later", async () => {
    const hosts = openKnownHosts(file);
    const keys = new Map(Array.from({ length: 50 }, (_, index) => [`node${index}`, bare()]));
    await hosts.pin("old", [bare()]);
    const later = bare();
    await Promise.all([
      ...[...keys].map(([name, key]) => hosts.pin(name, [key])),
      hosts.pin("twice", [bare()]),
      hosts.pin("twice", [later]),
      hosts.forget("old"),
    ]);
    for (const [name, key] of keys) expect(await openKnownHosts(file).keysOf(name)).toEqual([key]);
    expect(await openKnownHosts(file).keysOf("twice")).toEqual([later]);
    expect(await openKnownHosts(file).keysOf("old")).toEqual([]);
  });
});
