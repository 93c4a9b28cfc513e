import path from "node:path";
import type { HostEntry } from "../providers/hosts.ts";
import { readPublicKeys } from "../ssh/keys.ts";
import { openKnownHosts } from "../ssh/known-hosts.ts";
import { BeltError } from "../util/errors.ts";
import { randomHex } from "../util/random.ts";
import { clusterOn } from "./cluster.ts";
import { HeldLock } from "./cluster-lock.ts";
import { answerDeadlineMs, type ClusterContext } from "./context.ts";
import { type ClusterFor, Fleet } from "./fleet.ts";
import { type Given, nothingGiven, readGiven, type Wishes } from "./given.ts";
import { type ClusterFolder, clusterFolder, clusterNames, type Home } from "./home.ts";
import { openJournal } from "./journal.ts";
import type { JournalState } from "./journal-state.ts";
import { ensureAuthority, ensureSshKey } from "./keys.ts";
import { refuseMoved, renamed } from "./named.ts";
import { placeOf, registryFor } from "./plugins/registry-for.ts";
import { operatorLogin, reachWith, Sessions } from "./sessions.ts";
import type { ClusterSpec } from "./spec/types.ts";
import { fromStored } from "./stored-spec.ts";
import type { Cluster, Dependencies, SpecSource } from "./types.ts";

/** A cluster file that was read, and from where. */
interface Described {
  readonly spec: ClusterSpec;
  readonly source: SpecSource;
  /** What it was read with; nothing unless given. */
  readonly given?: Given;
  readonly stale?: Error;
}

/** Opens the cluster that a cluster file describes. Nothing is written before the first command that changes something. */
export async function openDescribed(home: Home, described: Described, deps: Dependencies): Promise<Cluster> {
  return clusterOn(await contextFor(home, described, deps));
}

/**
 * Opens a cluster by its name, as its own file says; where that cannot be read now, as the journal remembers it, which is
 * enough to look at it and to remove it.
 *
 * @throws BeltError `usage.no-cluster` if there is none of this name, `usage.renamed` if its file has another name now.
 */
export async function openNamed(
  home: Home,
  name: string,
  deps: Dependencies,
  wishes: Wishes = { sets: [] },
): Promise<Cluster> {
  return clusterOn(await contextFor(home, await describeNamed(home, name, deps, wishes), deps));
}

/** Reads what is known of a cluster by its name. @throws BeltError `usage.no-cluster`, `usage.renamed` */
export async function describeNamed(
  home: Home,
  name: string,
  deps: Dependencies,
  wishes: Wishes = { sets: [] },
): Promise<Described> {
  const { state, source } = await recallNamed(home, name, deps);
  const described = await readNamed(name, { state, source, wishes }, deps);
  if (described.spec.name === name) return described;
  const isThere = (await clusterNames(home)).includes(described.spec.name);
  throw renamed({ name, now: described.spec.name, source, isThere }, deps);
}

async function readNamed(
  name: string,
  { state, source, wishes }: { readonly state: JournalState; readonly source: SpecSource; readonly wishes: Wishes },
  deps: Dependencies,
): Promise<Described> {
  try {
    return { ...(await readGiven(source, wishes, state.given ?? nothingGiven, deps)), source };
  } catch (error) {
    if (wishes.sets.length > 0 || (wishes.unset ?? []).length > 0) throw error;
    return remembered(name, state, { source, error });
  }
}

/** Where the description of a cluster comes from, which is not read. @throws BeltError `usage.no-cluster` */
export async function sourceOfNamed(home: Home, name: string, deps: Dependencies): Promise<SpecSource> {
  return (await recallNamed(home, name, deps)).source;
}

/** What a cluster was brought up with beside its file. */
export async function givenTo(home: Home, name: string, deps: Dependencies): Promise<Given> {
  return (await recallNamed(home, name, deps)).state.given ?? nothingGiven;
}

async function recallNamed(
  home: Home,
  name: string,
  deps: Dependencies,
): Promise<{ readonly state: JournalState; readonly source: SpecSource }> {
  const names = await clusterNames(home);
  if (!names.includes(name)) throw noCluster(home, name, names);
  const folder = clusterFolder(home, name);
  const { state } = await openJournal(folder.journal, deps.clock);
  return { state, source: sourceFrom(home, state) ?? { kind: "file", path: folder.ownFile } };
}

function sourceFrom(home: Home, { source }: JournalState): SpecSource | undefined {
  return source?.kind === "file" ? { kind: "file", path: path.resolve(home.path, source.path) } : source;
}

function remembered(name: string, state: JournalState, why: { source: SpecSource; error: unknown }): Described {
  const spec = fromStored(state.spec);
  if (!spec) throw why.error;
  const stale = new BeltError("spec.invalid", `the cluster file of ${name} cannot be read: ${String(why.error)}`, {
    cause: why.error,
    hint: "Mend the file; looking at the cluster and removing it works without.",
  });
  return { spec, source: why.source, stale };
}

async function contextFor(home: Home, described: Described, outside: Dependencies): Promise<ClusterContext> {
  const { spec, source } = described;
  const deps = { ...outside, providers: await registryFor(outside, placeOf(source, spec, outside.cwd)) };
  const folder = clusterFolder(home, spec.name);
  const journal = await openJournal(folder.journal, deps.clock);
  refuseMoved(folder, spec.name, journal.state);
  const sshKey = once(() => ensureSshKey(folder, spec.name));
  const knownHosts = openKnownHosts(folder.knownHosts);
  const sessions = new Sessions({
    reach: reachWith(deps),
    privateKey: async () => (await sshKey()).privateKey,
    hostKeys: (name) => knownHosts.keysOf(name),
    clock: deps.clock,
    asOperator: operatorLogin(deps),
    jump: spec.ssh.jump,
  });
  const clusterFor: ClusterFor = (provider) => ({
    name: spec.name,
    options: spec.providerOptions[provider],
    hosts: hostsOf(spec, provider),
    folder: path.join(folder.providers, provider),
    hostKeys: (name) => knownHosts.keysOf(name),
    connect: (machine, signal) => sessions.connect(machine, answerDeadlineMs, signal),
  });
  return {
    deps,
    id: journal.state.clusterId ?? randomHex(16),
    spec,
    source,
    given: described.given ?? journal.state.given ?? nothingGiven,
    stale: described.stale,
    home,
    folder,
    journal,
    keys: once(async () => ({
      ssh: await sshKey(),
      authority: await ensureAuthority(folder, spec.name, deps.clock),
    })),
    authorizedKeys: once(async () => [
      (await sshKey()).publicKey,
      ...(await operatorsKeys({ spec, source, folder }, deps)),
    ]),
    knownHosts,
    fleet: new Fleet(deps, clusterFor),
    lock: new HeldLock(),
    sessions,
  };
}

/** The hosts that the file lists for a provider. */
export function hostsOf(spec: ClusterSpec, provider: string): readonly HostEntry[] {
  const machines = spec.machines.filter((machine) => machine.provider === provider);
  return machines.flatMap(({ name, group, host }) => (host ? [{ ...host, name, group }] : []));
}

async function operatorsKeys(
  { spec, source, folder }: { spec: ClusterSpec; source: SpecSource; folder: ClusterFolder },
  deps: Dependencies,
): Promise<readonly string[]> {
  const from = source.kind === "file" ? path.dirname(source.path) : folder.path;
  return await readPublicKeys(spec.ssh.authorizedKeys, { homeFolder: deps.homeFolder, folder: from });
}

/** A value made at first use, and again if that failed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function noCluster(home: Home, name: string, names: readonly string[]): BeltError {
  return new BeltError("usage.no-cluster", `there is no cluster ${name} in ${home.path}`, {
    hint: names.length > 0 ? `There are: ${names.join(", ")}` : "Make one with `belt up`.",
  });
}
