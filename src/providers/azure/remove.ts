import { mapBounded } from "../../util/concurrency.ts";
import { BeltError, messageOf } from "../../util/errors.ts";
import type { Machine, RemoveOutcome } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { deleteVm } from "./vms.ts";

/** How many machines are deleted side by side. */
const sideBySide = 16;
/** How long a machine may be listed after it was deleted, and how often that is looked at: one list for all. */
const fadingMs = 15 * 60_000;
const lookEveryMs = 5000;

/** Deletes machines, and resolves when they are listed no more. A machine is told from a new one of its name by its id. */
export async function removeMachines(
  cloud: Cloud,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const errors = new Map<string, Error>();
  for (const [clusterId, some] of Map.groupBy(machines, (machine) => machine.clusterId))
    for (const [id, error] of await removeFrom(cloud, clusterId, some, signal)) errors.set(id, error);
  signal.throwIfAborted();
  return machines.map((machine) => {
    const error = errors.get(machine.id);
    return error ? { kind: "failed", machine, error } : { kind: "removed", machine };
  });
}

/** The errors of those that are still there, by their ids. */
async function removeFrom(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Error>> {
  const present = await cloud.inventory.present(clusterId, machines, signal);
  const there = machines.filter(({ id }) => present.has(id));
  const results = await mapBounded(there, sideBySide, async ({ id }) => {
    const place = present.get(id);
    if (place) await deleteVm(cloud.client, place, signal);
  });
  signal.throwIfAborted();
  const errors = new Map<string, Error>();
  for (const [index, { id }] of there.entries()) {
    const result = results[index];
    if (result?.status !== "rejected") continue;
    errors.set(
      id,
      result.reason instanceof Error ? result.reason : new BeltError("internal", messageOf(result.reason)),
    );
  }
  const left = await untilUnlisted(
    cloud,
    clusterId,
    there.filter(({ id }) => !errors.has(id)),
    signal,
  );
  for (const machine of left) errors.set(machine.id, stillThere(machine));
  return errors;
}

async function untilUnlisted(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  for (const until = cloud.clock.elapsed() + fadingMs; ; ) {
    if (machines.length === 0) return [];
    const present = await cloud.inventory.present(clusterId, machines, signal);
    const left = machines.filter(({ id }) => present.has(id));
    if (left.length === 0 || cloud.clock.elapsed() >= until) return left;
    await cloud.clock.sleep(lookEveryMs, signal);
  }
}

function stillThere({ name }: Machine): BeltError {
  return new BeltError("provider.unavailable", `Azure took the order to delete ${name}, and still lists it`, {
    hint: "Run the same command again in a minute.",
    retryable: true,
  });
}
