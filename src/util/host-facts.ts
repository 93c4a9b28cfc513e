import { readFile, statfs } from "node:fs/promises";
import path from "node:path";
import { pathExists } from "./host-files.ts";

/** The text of a file, or `undefined` where there is none or it may not be read: for looking at a host, where neither is an error. */
export async function readTextIfReadable(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The bytes that are free for us on the file system of a folder, or of the nearest one above it that is there; `undefined` if that cannot be told. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  let there = path.resolve(folder);
  while (!(await pathExists(there)) && path.dirname(there) !== there) there = path.dirname(there);
  try {
    const { bavail, bsize } = await statfs(there);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
