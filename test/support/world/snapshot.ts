import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { World } from "./state.ts";

/** A folder as it lay on the disk at one moment: what a process that was killed just then leaves. */
export interface Snapshot {
  readonly files: readonly SavedFile[];
  /** The same for folders that differ in nothing but when and how often somebody looked. */
  readonly digest: string;
}

interface SavedFile {
  readonly name: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly changedAt: Date;
}

/** Reads a whole folder at one stroke. */
export function takeSnapshot(folder: string): Snapshot {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry): readonly SavedFile[] => {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile()) return [];
    const { mode, mtime } = statSync(file);
    return [{ name: path.relative(folder, file), content: readFileSync(file), mode, changedAt: mtime }];
  });
  const texts = files.map(({ name, content }) => `${name}\n${name === "world.json" ? lasting(content) : content}`);
  return { files, digest: texts.sort().join("\n") };
}

/** Writes a folder as it was. */
export function restoreSnapshot(folder: string, { files }: Snapshot): void {
  mkdirSync(path.join(folder, ".belt"), { recursive: true, mode: 0o700 });
  for (const { name, content, mode, changedAt } of files) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, content, { mode });
    utimesSync(file, changedAt, changedAt);
  }
}

function lasting(content: Buffer): string {
  const { nowMs: _, looks: __, ...rest }: World = JSON.parse(content.toString());
  return JSON.stringify(rest);
}
