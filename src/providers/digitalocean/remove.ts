import { mapBounded } from "../../util/concurrency.ts";
import { BeltError } from "../../util/errors.ts";
import type { Machine, RemoveOutcome } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { deleteDroplet, deleteDropletsByTag, listDroplets } from "./droplets.ts";
import { machineOf } from "./map.ts";
import { clusterTag } from "./tags.ts";

/** How many droplets are deleted one by one at a time. */
const sideBySide = 8;
/** How long the API may list a droplet that was deleted, and how often it is looked. */
const fadingMs = 3 * 60_000;
const lookEveryMs = 3000;

/** Deletes droplets, and resolves when they are listed no more. A whole cluster goes in one call. */
export async function removeMachines(
  cloud: Cloud,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const outcomes = new Map<string, RemoveOutcome>();
  for (const [clusterId, some] of Map.groupBy(machines, (machine) => machine.clusterId)) {
    for (const outcome of await removeFrom(cloud, clusterId, some, signal)) outcomes.set(outcome.machine.id, outcome);
  }
  return machines.map((machine) => outcomes.get(machine.id) ?? { kind: "removed", machine });
}

async function removeFrom(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const isAll = machines.length > 1 && (await areAll(cloud, clusterId, machines, signal));
  const deleted = isAll
    ? await deleteAll(cloud, clusterId, machines, signal)
    : await deleteEach(cloud, machines, signal);
  signal.throwIfAborted();
  const gone = deleted.flatMap(({ kind, machine }) => (kind === "removed" ? [machine] : []));
  cloud.inventory.drop(gone);
  const left = await untilUnlisted(cloud, clusterId, gone, signal);
  return deleted.map((outcome) => (left.has(outcome.machine.id) ? stillThere(outcome.machine) : outcome));
}

/** Whether nothing else has the cluster's tag: a droplet that somebody tagged by hand is none of ours to delete. */
async function areAll(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<boolean> {
  const names = new Set(machines.map(({ name }) => name));
  const droplets = await listDroplets(cloud.client, clusterTag(clusterId), signal);
  return droplets.every((droplet) => {
    const machine = machineOf(droplet, clusterId);
    return machine !== undefined && names.has(machine.name);
  });
}

async function deleteAll(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  try {
    await deleteDropletsByTag(cloud.client, clusterTag(clusterId), signal);
    return machines.map((machine) => ({ kind: "removed", machine }));
  } catch (error) {
    signal.throwIfAborted();
    return machines.map((machine) => failure(machine, error));
  }
}

async function deleteEach(
  cloud: Cloud,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const results = await mapBounded(machines, sideBySide, ({ id }) => deleteDroplet(cloud.client, id, signal));
  return machines.map((machine, index) => {
    const result = results[index];
    return result?.status === "rejected" ? failure(machine, result.reason) : { kind: "removed", machine };
  });
}

/** The ids of those that are listed for longer than can be. */
async function untilUnlisted(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const ids = new Set(machines.map(({ id }) => id));
  for (const until = cloud.clock.elapsed() + fadingMs; ; ) {
    const listed = await cloud.inventory.list(clusterId, signal);
    const left = listed.filter(({ id }) => ids.has(id)).map(({ id }) => id);
    if (left.length === 0 || cloud.clock.elapsed() >= until) return new Set(left);
    await cloud.clock.sleep(lookEveryMs, signal);
  }
}

function stillThere(machine: Machine): RemoveOutcome {
  const message = `DigitalOcean took the order to delete ${machine.name}, and still lists it`;
  const hint = "Run the same command again in a minute.";
  return { kind: "failed", machine, error: new BeltError("provider.unavailable", message, { hint, retryable: true }) };
}

function failure(machine: Machine, reason: unknown): RemoveOutcome {
  const error = reason instanceof Error ? reason : new BeltError("internal", String(reason));
  return { kind: "failed", machine, error };
}
