import path from "node:path";
import { BeltError, isBeltError } from "../util/errors.ts";
import { readTextIfThere } from "../util/files.ts";
import type { Target } from "./aim.ts";
import { nothingGiven, readGiven, type Wishes } from "./given.ts";
import { clusterFolder, clusterNames, type Home } from "./home.ts";
import { loadSpec } from "./load-spec.ts";
import { renamed } from "./named.ts";
import { givenTo, openDescribed, openNamed, sourceOfNamed } from "./open-cluster.ts";
import type { Cluster, Dependencies } from "./types.ts";

type FileTarget = Extract<Target, { kind: "file" }>;

/** What to open, with what `--set` gave, each `key=value`, and what `--unset` forgets. */
export interface Opening extends Wishes {
  readonly target: Target;
}

/**
 * Opens what a command is about. A template whose cluster is there already stands for that cluster, which may have a file of
 * its own by now.
 *
 * @throws BeltError `usage.no-cluster`, `usage.renamed`, `usage.invalid`, `spec.invalid`, `state.*`
 */
export async function openTarget(home: Home, { target, ...wishes }: Opening, deps: Dependencies): Promise<Cluster> {
  if (target.kind === "cluster") return await openNamed(home, target.name, deps, wishes);
  if (target.kind === "file") return await openFile(home, { target, wishes }, deps);
  const { name } = await loadSpec(target, wishes.sets, quietly(deps));
  if ((await clusterNames(home)).includes(name)) return await openNamed(home, name, deps, wishes);
  const own = { kind: "file", path: clusterFolder(home, name).ownFile } as const;
  const source = (await readTextIfThere(own.path)) === undefined ? target : own;
  return await openDescribed(home, { ...(await readGiven(source, wishes, nothingGiven, deps)), source }, deps);
}

async function openFile(
  home: Home,
  { target, wishes }: { readonly target: FileTarget; readonly wishes: Wishes },
  deps: Dependencies,
): Promise<Cluster> {
  const source = { kind: "file", path: target.path } as const;
  const name = await ownerOf(home, { target, sets: wishes.sets }, deps);
  const remembered = name === undefined ? nothingGiven : await givenTo(home, name, deps);
  const read = await readGiven(source, wishes, remembered, deps);
  if (name !== undefined && read.spec.name !== name) {
    const isThere = (await clusterNames(home)).includes(read.spec.name);
    throw renamed({ name, now: read.spec.name, source, isThere }, deps);
  }
  return await openDescribed(home, { ...read, source }, deps);
}

/**
 * The name of the cluster that a file is about; where the file cannot be read now, of the one that was brought up from it.
 *
 * @throws BeltError `usage.no-cluster` where that cluster was never brought up, `usage.renamed`, `spec.invalid`
 */
export async function clusterOfFile(home: Home, target: FileTarget, deps: Dependencies): Promise<string> {
  const name = await ownerOf(home, { target, sets: [] }, deps);
  if (name !== undefined) return name;
  const { name: wanted } = await loadSpec(target, [], quietly(deps));
  const file = path.relative(deps.cwd, target.path);
  throw new BeltError("usage.no-cluster", `the cluster ${wanted} of ${file} is not there yet`, {
    hint: "Bring it up: belt up; or name another cluster with --cluster",
  });
}

/**
 * The cluster that is there already and that a file is about: that of its name as it reads here; else, unless the file was
 * named to make another, the one that was brought up from it. `undefined` for a file of a new cluster.
 *
 * @throws BeltError `usage.renamed` where several were brought up from a file that was found, and it names none of them.
 */
async function ownerOf(
  home: Home,
  { target, sets }: { readonly target: FileTarget; readonly sets: readonly string[] },
  deps: Dependencies,
): Promise<string | undefined> {
  const name = await nameIn(target, sets, deps);
  if (name !== undefined && (await clusterNames(home)).includes(name)) return name;
  if (name !== undefined && !target.found) return undefined;
  const [only, ...others] = await madeFrom(home, target.path, deps);
  if (only === undefined || others.length === 0) return only;
  if (name === undefined) return undefined;
  throw renamed({ name: only, now: name, source: { kind: "file", path: target.path }, isThere: false }, deps);
}

/** The name in a file as it reads here, or `undefined` where it cannot be read, which is told when it is read in earnest. */
async function nameIn(target: FileTarget, sets: readonly string[], deps: Dependencies): Promise<string | undefined> {
  try {
    return (await loadSpec(target, sets, quietly(deps))).name;
  } catch (error) {
    if (isBeltError(error, "spec.invalid")) return undefined;
    throw error;
  }
}

/** The clusters that were brought up from a file. */
async function madeFrom(home: Home, file: string, deps: Dependencies): Promise<readonly string[]> {
  const names = await clusterNames(home);
  const sources = await Promise.all(
    names.map(async (name) => ({ name, source: await sourceOfNamed(home, name, deps) })),
  );
  return sources.flatMap(({ name, source }) => (source.kind === "file" && source.path === file ? [name] : []));
}

function quietly(deps: Dependencies): Dependencies {
  return { ...deps, emit: () => {} };
}
