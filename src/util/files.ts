import { appendFile, chmod, link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { diskFault, onDisk } from "./disk-faults.ts";

/**
 * Writes a whole file so that a reader, or a crash, sees either the old content or the new one; the mode is set before the content.
 *
 * @throws BeltError `disk.full`, `disk.refused`
 */
export async function writeFileAtomic(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await withTemporary(file, { content, mode }, (temporary) => rename(temporary, file));
}

/**
 * Makes a file with this content unless there is one already; nobody ever sees it empty.
 *
 * @returns whether it was made.
 * @throws BeltError `disk.full`, `disk.refused`
 */
export async function createFileOnce(file: string, content: string, mode = 0o644): Promise<boolean> {
  let made = false;
  await withTemporary(file, { content, mode }, async (temporary) => {
    made = await nameOnce(temporary, file);
  });
  return made;
}

/** Writes a file beside another one, whole and on the disk, and gives it to whoever puts it in its place. */
async function withTemporary(
  file: string,
  { content, mode }: { readonly content: string | Uint8Array; readonly mode: number },
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2, 8)}.tmp`;
  await onDisk("write", file, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    try {
      const handle = await open(temporary, "wx", mode);
      try {
        await handle.chmod(mode);
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await place(temporary);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** When a file was last changed, in milliseconds since the epoch; `undefined` if it is not there. */
export async function changedAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What a file is, whatever its name: another file of the same name has another identity. `undefined` if there is none. */
export async function identityOf(file: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(file, { bigint: true });
    return [dev, ino, birthtimeNs].join("-");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Gives a file a second name, unless that is taken: whether it has it now. */
export async function nameOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Moves a file or folder in one step; `false` if it is not there. */
export async function movePath(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Appends text to a file and waits until the disk has it. */
export async function appendDurably(file: string, text: string): Promise<void> {
  await onDisk("write", file, () => appendFile(file, text, { flush: true, mode: 0o600 }));
}

/** Cuts a file off behind so many bytes, on the disk too; it needs no space. */
export async function cutFile(file: string, bytes: number): Promise<void> {
  await onDisk("write", file, async () => {
    const handle = await open(file, "r+");
    try {
      await handle.truncate(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

/** The size of a file in bytes; `undefined` if it is not there. */
export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes a folder and its parents, with this mode on the last one. */
export async function makeFolder(folder: string, mode = 0o755): Promise<void> {
  await onDisk("write", folder, async () => {
    await mkdir(folder, { recursive: true, mode });
    await chmod(folder, mode);
  });
}

/** The content of a text file, or `undefined` if there is none. */
export async function readTextIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskFault("read", file, error);
  }
}

/** The names of the folders in a folder, sorted; none if it is not there. */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskFault("read", folder, error);
  }
}

/** The numeric user id that owns a file or folder, or `undefined` if it is not there. */
export async function ownerOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).uid;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Removes a file, or a folder with all that is in it; nothing there is fine. */
export async function removePath(file: string): Promise<void> {
  await onDisk("write", file, () => rm(file, { recursive: true, force: true }));
}

/** Whether an error of the file system says that the file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
