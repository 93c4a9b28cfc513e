import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { isMissing } from "./files.ts";

/** What a path is, links followed; `undefined` if nothing is there. */
export async function kindOf(file: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await stat(file)).isDirectory() ? "folder" : "file";
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What makes a path this very file or folder and no other of its name: its device and inode; `undefined` if it is not there. */
export async function identityOf(file: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Which entries of a folder count. */
export interface Selection {
  /** Whether a folder of this name is looked into. */
  readonly enters: (name: string) => boolean;
  readonly takes: (name: string) => boolean;
}

/** The files in a folder and below it, relative to it, in a fixed order. Links count as what they point to, each folder once. */
export async function filesBelow(folder: string, selection: Selection): Promise<readonly string[]> {
  const seen = new Set<string>();
  const walk = async (below: string): Promise<readonly string[]> => {
    const real = await realpath(path.join(folder, below));
    if (seen.has(real)) return [];
    seen.add(real);
    const found: string[] = [];
    for (const name of (await readdir(real)).sort()) {
      const kind = await kindOf(path.join(real, name));
      if (kind === "folder" && selection.enters(name)) found.push(...(await walk(path.join(below, name))));
      if (kind === "file" && selection.takes(name)) found.push(path.join(below, name));
    }
    return found;
  };
  return await walk("");
}

/** The SHA-256 of files of a folder, names and contents, as 64 hexadecimal digits. */
export async function digestOfFiles(folder: string, files: readonly string[]): Promise<string> {
  const all = createHash("sha256");
  for (const file of files) {
    const content = createHash("sha256").update(await readFile(path.join(folder, file)));
    all.update(`${JSON.stringify(file)} ${content.digest("hex")}\n`);
  }
  return all.digest("hex");
}
