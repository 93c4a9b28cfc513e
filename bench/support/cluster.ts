import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { belt, type Cost, measure } from "./measure.ts";

/** A folder of its own, and belt there. Disposing takes down every cluster that was made in it. */
export interface Bench extends AsyncDisposable {
  readonly folder: string;
  /** Runs belt. Rejects if it fails. */
  belt(...words: readonly string[]): Promise<Cost>;
  write(file: string, text: string): Promise<void>;
}

/** Opens a bench. */
export async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), "belt-bench-"));
  const home = path.join(folder, ".belt");
  await mkdir(home);
  const run = (...words: readonly string[]): Promise<Cost> => measure([...belt, ...words], folder);
  return {
    folder,
    belt: run,
    write: (file, text) => writeFile(path.join(folder, file), text),
    [Symbol.asyncDispose]: async () => {
      const entries = await readdir(home, { withFileTypes: true });
      for (const entry of entries) if (entry.isDirectory()) await run("down", entry.name, "--yes");
      await rm(folder, { recursive: true });
    },
  };
}

/** `count` names: `node1`, `node2`, … */
export function names(word: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${word}${index + 1}`);
}
