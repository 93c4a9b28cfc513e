import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { belt, type Cost, measure } from "./measure.ts";

/** A folder with a cluster file in it, and belt there. Disposing takes the cluster down. */
export interface Bench extends AsyncDisposable {
  readonly folder: string;
  belt(...words: readonly string[]): Promise<Cost>;
}

/** Opens a bench for a cluster of `managers` and `workers` on the default image. */
export async function openBench(name: string, managers: number, workers: number): Promise<Bench> {
  const folder = await mkdtemp(path.join(tmpdir(), "belt-bench-"));
  await mkdir(path.join(folder, ".belt"));
  const text = `version: 1
name: ${name}
provider: local
groups:
  managers: { role: manager, machines: "${managers === 1 ? "mg1" : `mg[1:${managers}]`}" }
  workers: { role: worker, machines: "node[1:${workers}]" }
`;
  await writeFile(path.join(folder, "cluster.yml"), text);
  const run = async (...words: readonly string[]): Promise<Cost> => {
    const cost = await measure([...belt, ...words], folder);
    if (cost.code !== 0) throw new Error(`belt ${words.join(" ")} ended with ${cost.code}: ${cost.stderr}`);
    return cost;
  };
  return {
    folder,
    belt: run,
    [Symbol.asyncDispose]: async () => {
      await run("down", name, "--yes").catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}
