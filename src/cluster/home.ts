import path from "node:path";
import { BeltError } from "../util/errors.ts";
import {
  createFileOnce,
  foldersIn,
  makeFolder,
  ownerOf,
  readTextIfThere,
  removePath,
  writeFileAtomic,
} from "../util/files.ts";

/** The folder that holds the state of every cluster, `.belt`. */
export interface Home {
  readonly path: string;
}

/** Where one cluster keeps its things. All names are relative to the home, so that the folder can be moved. */
export interface ClusterFolder {
  readonly path: string;
  readonly journal: string;
  readonly lock: string;
  /** Space that is kept for the way out. */
  readonly reserve: string;
  readonly knownHosts: string;
  readonly keys: string;
  readonly clientCertificates: string;
  /** The cluster file, where the user gave none of his own. */
  readonly ownFile: string;
  readonly activeNode: string;
  /** What providers remember, a folder each. */
  readonly providers: string;
}

/**
 * The home to use: `BELT_HOME`, else the nearest `.belt` at or above the working folder, else `./.belt`, which need not be
 * there yet.
 *
 * @throws BeltError `state.foreign` for a `.belt` that another user owns: it could hand us keys and hosts of his choice.
 */
export async function findHome(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  uid: number,
): Promise<Home> {
  const named = env["BELT_HOME"];
  if (named) return checked(path.resolve(cwd, named), uid);
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, ".belt");
    if ((await ownerOf(candidate)) !== undefined) return checked(candidate, uid);
    if (path.dirname(folder) === folder) return { path: path.join(cwd, ".belt") };
  }
}

/** Makes the home if it is not there, closed to others and ignored by git. */
export async function makeHome(home: Home): Promise<void> {
  await makeFolder(home.path, 0o700);
  const ignore = path.join(home.path, ".gitignore");
  if ((await readTextIfThere(ignore)) === undefined) await createFileOnce(ignore, "*\n");
}

/** The names of the clusters in a home: of those that were taken down at most a file is left. */
export async function clusterNames(home: Home): Promise<readonly string[]> {
  const names = await foldersIn(home.path);
  const isThere = async (name: string): Promise<boolean> => {
    const { journal, keys } = clusterFolder(home, name);
    return (await ownerOf(journal)) !== undefined || (await ownerOf(keys)) !== undefined;
  };
  const there = await Promise.all(names.map(isThere));
  return names.filter((_, index) => there[index]);
}

/** The paths of one cluster's files. */
export function clusterFolder(home: Home, name: string): ClusterFolder {
  const folder = path.join(home.path, name);
  return {
    path: folder,
    journal: path.join(folder, "journal"),
    lock: path.join(folder, "lock"),
    reserve: path.join(folder, "reserve"),
    knownHosts: path.join(folder, "known_hosts"),
    keys: path.join(folder, "keys"),
    clientCertificates: path.join(folder, "keys", "client"),
    ownFile: path.join(folder, "cluster.yml"),
    activeNode: path.join(folder, "active-node"),
    providers: path.join(folder, "providers"),
  };
}

/** Where the provider of hosts that exist remembers which ones it has taken. */
export function takenHostsFile({ providers }: ClusterFolder): string {
  return path.join(providers, "ssh", "hosts.json");
}

/** The cluster chosen with `belt use`; without a choice the only one there is. */
export async function currentCluster(home: Home): Promise<string | undefined> {
  const names = await clusterNames(home);
  const chosen = (await readTextIfThere(currentFile(home)))?.trim();
  if (chosen && names.includes(chosen)) return chosen;
  return names.length === 1 ? names[0] : undefined;
}

/** Makes `name` the cluster that later commands mean, or forgets the choice. */
export async function setCurrentCluster(home: Home, name: string | undefined): Promise<void> {
  if (name === undefined) await removePath(currentFile(home));
  else await writeFileAtomic(currentFile(home), `${name}\n`, 0o600);
}

/** Takes a cluster that is no more out of use. */
export async function putOutOfUse(home: Home, name: string): Promise<void> {
  if ((await readTextIfThere(currentFile(home)))?.trim() === name) await setCurrentCluster(home, undefined);
}

function currentFile(home: Home): string {
  return path.join(home.path, "current");
}

async function checked(folder: string, uid: number): Promise<Home> {
  const owner = await ownerOf(folder);
  if (owner === undefined || owner === uid) return { path: folder };
  throw new BeltError("state.foreign", `${folder} belongs to another user (id ${owner})`, {
    hint: "Work in a folder of your own, or set BELT_HOME to one.",
  });
}
