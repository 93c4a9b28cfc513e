import { mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { diskFault, onDisk } from "../../src/util/disk-faults.ts";
import { BeltError } from "../../src/util/errors.ts";
import {
  appendDurably,
  createFileOnce,
  cutFile,
  makeFolder,
  readTextIfThere,
  writeFileAtomic,
} from "../../src/util/files.ts";
import { holdNewFile } from "../../src/util/held-file.ts";
import { makePrivateFolder } from "../../src/util/private-folder.ts";
import { temporaryFolder } from "../support/temporary.ts";

const errno = (code: string): Error => Object.assign(new Error(`${code}: said by the system`), { code });

describe("what the disk refuses is a sentence with the path and a way out", () => {
  test.each([
    ["ENOSPC", "disk.full", "no space is left on the disk to write /a/b", "df -h /a"],
    ["EDQUOT", "disk.full", "the disk quota is used up: /a/b cannot be written", "quota"],
    ["EROFS", "disk.refused", "/a/b cannot be written: its file system is read-only", "findmnt -T /a"],
    ["EACCES", "disk.refused", "no permission to write /a/b", "ls -ld /a /a/b"],
    ["EPERM", "disk.refused", "no permission to write /a/b", "ls -ld /a /a/b"],
    ["EISDIR", "disk.refused", "/a/b is a folder, and a file is wanted", "Name a file"],
    ["ENOTDIR", "disk.refused", "a file stands where one of its folders should be", "another path"],
    ["ENAMETOOLONG", "disk.refused", "the path is too long for the file system: /a/b", "shorter"],
    ["EIO", "disk.refused", "the disk failed to write /a/b", "dmesg"],
  ])("%s", async (code, beltCode, says, hint) => {
    const failing = onDisk("write", "/a/b", async () => {
      throw errno(code);
    });
    await expect(failing).rejects.toMatchObject({
      ...{ code: beltCode, message: expect.stringContaining(says), hint: expect.stringContaining(hint) },
      cause: { code },
    });
  });

  test("but for what callers tell apart, and what was told already", () => {
    const told = new BeltError("disk.full", "told");
    for (const error of [errno("ENOENT"), errno("EEXIST"), told, "x"])
      expect(diskFault("write", "/a/b", error)).toBe(error);
  });
});

describe("a path in the way", () => {
  const refused = (says: RegExp) => ({ code: "disk.refused", message: expect.stringMatching(says) });

  test("is told by all that write, under the name of the file that was meant", async () => {
    await using folder = await temporaryFolder();
    const taken = path.join(folder.path, "taken");
    const below = path.join(folder.path, "file", "below");
    const long = path.join(folder.path, "n".repeat(250));
    await mkdir(path.join(taken, "full"), { recursive: true });
    await writeFile(path.join(folder.path, "file"), "");
    await expect(writeFileAtomic(taken, "x")).rejects.toMatchObject(refused(/taken is a folder/));
    await expect(appendDurably(taken, "x")).rejects.toMatchObject(refused(/taken is a folder/));
    await expect(cutFile(taken, 0)).rejects.toMatchObject(refused(/taken is a folder/));
    await expect(readTextIfThere(taken)).rejects.toMatchObject(refused(/taken is a folder/));
    await expect(makeFolder(below)).rejects.toMatchObject(refused(/below cannot be written: a file stands/));
    await expect(createFileOnce(long, "x")).rejects.toMatchObject(refused(/too long for the file system: .*n$/));
    await expect(holdNewFile(long, "x", 0)).rejects.toMatchObject(refused(/too long for the file system: .*n$/));
    expect(await readdir(folder.path)).toEqual(["file", "taken"]);
  });

  test("is one that is too long for the sockets in it, and one that is not there", async () => {
    await using folder = await temporaryFolder();
    const deep = path.join(folder.path, "deep".repeat(20));
    await mkdir(deep);
    await expect(makePrivateFolder(deep)).rejects.toMatchObject({
      ...refused(/too long for unix sockets \(\d+ bytes, and at most 75 fit\): .*deep\/belt-/),
      hint: "Set TMPDIR to a short path that is there, such as /tmp.",
    });
    await expect(makePrivateFolder(path.join(folder.path, "none"))).rejects.toMatchObject(
      refused(/there is no folder/),
    );
    expect(await readdir(deep)).toEqual([]);
  });
});
