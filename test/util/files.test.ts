import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  appendDurably,
  createFileOnce,
  foldersIn,
  isMissing,
  makeFolder,
  movePath,
  readTextIfThere,
  removePath,
  writeFileAtomic,
} from "../../src/util/files.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "beltkit-files-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o7777;

describe("a file written at once", () => {
  test("has its content and its mode, and its folders are made", async () => {
    const file = path.join(folder, "a/b/key");
    await writeFileAtomic(file, "secret", 0o600);
    expect([await readFile(file, "utf8"), await modeOf(file)]).toEqual(["secret", 0o600]);
  });

  test("has its mode whatever the umask", async () => {
    const file = path.join(folder, "open");
    await writeFileAtomic(file, "x", 0o666);
    expect(await modeOf(file)).toBe(0o666);
  });

  test("replaces the old one, and leaves nothing else behind", async () => {
    const file = path.join(folder, "a");
    await writeFileAtomic(file, "old and longer", 0o644);
    await writeFileAtomic(file, new TextEncoder().encode("new"), 0o600);
    expect([await readFile(file, "utf8"), await modeOf(file), await readdir(folder)]).toEqual(["new", 0o600, ["a"]]);
  });

  test("leaves the old state when it cannot be written", async () => {
    await mkdir(path.join(folder, "a/in-the-way"), { recursive: true });
    await expect(writeFileAtomic(path.join(folder, "a"), "x")).rejects.toThrow();
    expect(await readdir(folder)).toEqual(["a"]);
  });

  test("is whole for many writers", async () => {
    const file = path.join(folder, "a");
    await Promise.all(Array.from({ length: 20 }, (_, i) => writeFileAtomic(file, `${i}`.repeat(10_000))));
    const text = await readFile(file, "utf8");
    expect(new Set(text.match(/../g)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["a"]);
  });
});

test("a file made once is made by one of many, and never changed", async () => {
  const file = path.join(folder, "lock");
  const made = await Promise.all(Array.from({ length: 10 }, (_, i) => createFileOnce(file, `${i}`, 0o600)));
  expect(made.filter(Boolean)).toHaveLength(1);
  expect(await readFile(file, "utf8")).toBe(String(made.indexOf(true)));
  expect(await readdir(folder)).toEqual(["lock"]);
});

test("appending keeps what is there and makes the file for its owner only", async () => {
  const file = path.join(folder, "journal");
  await appendDurably(file, "a\n");
  await appendDurably(file, "b\n");
  expect([await readFile(file, "utf8"), await modeOf(file)]).toEqual(["a\nb\n", 0o600]);
});

test("a folder has its mode, also when it is there already", async () => {
  const made = path.join(folder, "a/keys");
  await makeFolder(made, 0o755);
  await makeFolder(made, 0o700);
  expect(await modeOf(made)).toBe(0o700);
});

test("a text that is not there is undefined, and other errors are errors", async () => {
  await writeFile(path.join(folder, "a"), "x");
  expect(await readTextIfThere(path.join(folder, "a"))).toBe("x");
  expect(await readTextIfThere(path.join(folder, "b"))).toBeUndefined();
  expect(await readTextIfThere(path.join(folder, "a/b"))).toBeUndefined();
  await expect(readTextIfThere(folder)).rejects.toMatchObject({ code: "disk.refused" });
});

test("folders are listed by name, without files", async () => {
  await makeFolder(path.join(folder, "b"));
  await makeFolder(path.join(folder, "a"));
  await writeFile(path.join(folder, "c"), "");
  expect(await foldersIn(folder)).toEqual(["a", "b"]);
  expect(await foldersIn(path.join(folder, "none"))).toEqual([]);
});

test("moving says whether there was something to move", async () => {
  await writeFile(path.join(folder, "a"), "x");
  expect(await movePath(path.join(folder, "a"), path.join(folder, "b"))).toBe(true);
  expect(await movePath(path.join(folder, "a"), path.join(folder, "b"))).toBe(false);
  expect(await readdir(folder)).toEqual(["b"]);
});

test("removing takes all, follows no link, and does not mind nothing", async () => {
  await makeFolder(path.join(folder, "kept"));
  await writeFile(path.join(folder, "kept/x"), "");
  await makeFolder(path.join(folder, "a/b"));
  await symlink(path.join(folder, "kept"), path.join(folder, "a/link"));
  await removePath(path.join(folder, "a"));
  await removePath(path.join(folder, "a"));
  expect([await readdir(folder), await readdir(path.join(folder, "kept"))]).toEqual([["kept"], ["x"]]);
});

test("only what says that a file is not there is missing", () => {
  expect([Object.assign(new Error("x"), { code: "ENOENT" }), new Error("ENOENT"), "ENOENT"].map(isMissing)).toEqual([
    true,
    false,
    false,
  ]);
});
