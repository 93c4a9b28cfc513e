import { constants } from "node:fs";
import { access, appendFile, lstat, open, readdir, rmdir, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { isMissing } from "./files.ts";

/** Whether something is there, whatever it is; a symbolic link counts by what it points to. */
export async function pathExists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Whether a path is a folder itself, not a symbolic link to one. */
export async function isRealFolder(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The names of everything in a folder, sorted; none if it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The folder of the first `folders` that holds a program of this name that may be run. */
export async function findProgram(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const file = path.join(folder, name);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

/** Writes a value into a file that is there already, as the kernel's files under /proc and /sys want it: in one call, no temporary file. */
export async function writeValue(file: string, value: string): Promise<void> {
  await writeFile(file, value, { flag: constants.O_WRONLY | constants.O_TRUNC });
}

/** Appends a line to a file, without waiting for the disk. */
export async function appendLine(file: string, line: string): Promise<void> {
  await appendFile(file, `${line}\n`);
}

/** Makes a symbolic link, unless something of that name is there. */
export async function linkOnce(target: string, file: string): Promise<void> {
  try {
    await symlink(target, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/** Removes a folder that is empty; one that is not there is fine. */
export async function removeEmptyFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** The bytes of a file from an offset on, at most `limit`; a negative offset counts from the end. Nothing if it is not there. */
export async function readBytes(
  file: string,
  offset: number,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly end: number; readonly size: number }> {
  const handle = await open(file, "r").catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!handle) return { bytes: new Uint8Array(), end: 0, size: 0 };
  try {
    const { size } = await handle.stat();
    const start = offset < 0 ? Math.max(0, size + offset) : offset;
    const buffer = new Uint8Array(Math.max(0, Math.min(limit, size - start)));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    return { bytes: buffer.subarray(0, bytesRead), end: start + bytesRead, size };
  } finally {
    await handle.close();
  }
}
