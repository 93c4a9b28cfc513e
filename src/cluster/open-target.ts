import path from "node:path";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere } from "../util/files.ts";
import type { Target } from "./aim.ts";
import { clusterFolder, clusterNames, type Home } from "./home.ts";
import { loadSpec } from "./load-spec.ts";
import { renamed } from "./named.ts";
import { openDescribed, openNamed, sourceOfNamed } from "./open-cluster.ts";
import type { Cluster, Dependencies } from "./types.ts";

type FileTarget = Extract<Target, { kind: "file" }>;

/** What to open, with what `--set` gave, each `key=value`. */
export interface Opening {
  readonly target: Target;
  readonly sets: readonly string[];
}

/**
 * Opens what a command is about. A template whose cluster is there already stands for that cluster, which may have a file of
 * its own by now.
 *
 * @throws BeltError `usage.no-cluster`, `usage.renamed`, `usage.invalid`, `spec.invalid`, `state.*`
 */
export async function openTarget(home: Home, { target, sets }: Opening, deps: Dependencies): Promise<Cluster> {
  if (target.kind === "cluster") return await openNamed(home, target.name, deps, sets);
  const spec = await loadSpec(target, sets, deps);
  const isThere = (await clusterNames(home)).includes(spec.name);
  if (target.kind === "file") {
    if (!isThere) await refuseRename(home, target, spec.name, deps);
    return await openDescribed(home, { spec, source: { kind: "file", path: target.path } }, deps);
  }
  if (isThere) return await openNamed(home, spec.name, deps, sets);
  const source = { kind: "file", path: clusterFolder(home, spec.name).ownFile } as const;
  if ((await readTextIfThere(source.path)) === undefined)
    return await openDescribed(home, { spec, source: target }, deps);
  return await openDescribed(home, { spec: await loadSpec(source, sets, deps), source }, deps);
}

/**
 * The name of the cluster that a file is about; where the file cannot be read now, of the one that was brought up from it.
 *
 * @throws BeltError `usage.no-cluster` where that cluster was never brought up, `usage.renamed`, `spec.invalid`
 */
export async function clusterOfFile(home: Home, target: FileTarget, deps: Dependencies): Promise<string> {
  let name: string;
  try {
    name = (await loadSpec(target, [], deps)).name;
  } catch (error) {
    const [only, ...others] = await madeFrom(home, target.path, deps);
    if (only === undefined || others.length > 0) throw error;
    return only;
  }
  if ((await clusterNames(home)).includes(name)) return name;
  await refuseRename(home, target, name, deps);
  const file = path.relative(deps.cwd, target.path);
  throw new BeltError("usage.no-cluster", `the cluster ${name} of ${file} is not there yet`, {
    hint: "Bring it up: belt up; or name another cluster with --cluster",
  });
}

/** A file that was found, not named, makes no second cluster because its name was changed. */
async function refuseRename(home: Home, target: FileTarget, now: string, deps: Dependencies): Promise<void> {
  if (!target.found) return;
  const [name] = await madeFrom(home, target.path, deps);
  if (name !== undefined)
    throw renamed({ name, now, source: { kind: "file", path: target.path }, isThere: false }, deps);
}

/** The clusters that were brought up from a file. */
async function madeFrom(home: Home, file: string, deps: Dependencies): Promise<readonly string[]> {
  const names = await clusterNames(home);
  const sources = await Promise.all(
    names.map(async (name) => ({ name, source: await sourceOfNamed(home, name, deps) })),
  );
  return sources.flatMap(({ name, source }) => (source.kind === "file" && source.path === file ? [name] : []));
}
