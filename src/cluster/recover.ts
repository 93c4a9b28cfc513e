import path from "node:path";
import { BeltError } from "../util/errors.ts";
import { makeFolder } from "../util/files.ts";
import { Fleet } from "./fleet.ts";
import { type ClusterFolder, clusterFolder, type Home, makeHome } from "./home.ts";
import { openJournal } from "./journal.ts";
import { journalVersion } from "./journal-records.ts";
import { takeLock } from "./lock.ts";
import { hostsOf } from "./open-cluster.ts";
import { placeOf, registryFor } from "./plugins/registry-for.ts";
import type { ClusterSpec } from "./spec/types.ts";
import type { Dependencies, SpecSource } from "./types.ts";

/** Which cluster is meant, where the providers know several of its name. */
export interface Recovery {
  readonly spec: ClusterSpec;
  readonly source: SpecSource;
  readonly id: string | undefined;
}

/**
 * Gives a cluster whose journal was lost its id back: the one under which its providers keep machines of a cluster of this
 * name. A journal that knows its id is left alone.
 *
 * @throws BeltError `state.lost` when there is no such cluster, `usage.invalid` when there are several and none was named.
 */
export async function recoverIdentity(
  home: Home,
  { spec, source, id }: Recovery,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<void> {
  const folder = clusterFolder(home, spec.name);
  if ((await openJournal(folder.journal, deps.clock)).state.clusterId !== undefined) return;
  const found = await idsOf({ spec, source }, folder, deps, signal);
  const [only, ...others] = id === undefined ? found : found.filter((one) => one === id);
  if (only === undefined) throw nothingFound(spec, id);
  if (others.length > 0)
    throw new BeltError("usage.invalid", `there are ${found.length} clusters named ${spec.name}: ${found.join(", ")}`, {
      hint: `Say which one: belt refresh --id ${only}`,
    });
  await makeHome(home);
  await makeFolder(folder.path, 0o700);
  await using _lock = await takeLock(folder.lock, { command: "belt refresh", after: 0 }, deps);
  const journal = await openJournal(folder.journal, deps.clock);
  await journal.record({ kind: "cluster", version: journalVersion, id: only, name: spec.name });
}

async function idsOf(
  { spec, source }: Pick<Recovery, "spec" | "source">,
  folder: ClusterFolder,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const providers = await registryFor(deps, placeOf(source, spec, deps.cwd));
  await using fleet = new Fleet({ ...deps, providers }, (provider) => ({
    ...{ name: spec.name, options: spec.providerOptions[provider], hosts: hostsOf(spec, provider) },
    folder: path.join(folder.providers, provider),
    hostKeys: async () => [],
    connect: async (machine) => {
      throw new BeltError("state.lost", `the keys for ${machine.name} belong to a cluster that is not known yet`);
    },
  }));
  const names = new Set([spec.provider, ...spec.machines.map(({ provider }) => provider)]);
  const ids = await Promise.all(
    [...names].map(async (name) => (await fleet.open(name)).provider.clusters?.(spec.name, signal) ?? []),
  );
  return [...new Set(ids.flat())].sort();
}

function nothingFound({ name, provider }: ClusterSpec, id: string | undefined): BeltError {
  const which = id === undefined ? `a cluster named ${name}` : `a cluster named ${name} with the id ${id}`;
  return new BeltError("state.lost", `no machine of ${which} was found`, {
    hint: `Nothing of it is left on ${provider}; belt up makes it anew.`,
  });
}
