import { BeltError } from "../../util/errors.ts";
import type { Machine, RemoveOutcome } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { codeOf } from "./codes.ts";
import { disown, terminateInstances } from "./instances.ts";

/** As many as one call takes. Source: EC2's API reference, TerminateInstances. */
const mostIds = 1000;
/** How long an instance may take to be gone, and how often it is looked. */
const fadingMs = 10 * 60_000;
const lookEveryMs = 4000;
/** How long EC2 may say that it does not know an instance that it just made. */
const unseenMs = 60_000;

/** Terminates instances, all of a cluster in one call, and resolves when they are gone. */
export async function removeMachines(
  cloud: Cloud,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const outcomes = new Map<string, RemoveOutcome>();
  for (const [clusterId, all] of Map.groupBy(machines, (machine) => machine.clusterId)) {
    const failed = all.filter(({ state }) => state.kind === "failed");
    if (failed.length > 0) await disown(cloud.client, idsOf(failed), signal);
    for (let at = 0; at < all.length; at += mostIds) {
      const some = all.slice(at, at + mostIds);
      for (const outcome of await removeSome(cloud, clusterId, some, signal)) outcomes.set(outcome.machine.id, outcome);
    }
  }
  return machines.map((machine) => outcomes.get(machine.id) ?? { kind: "removed", machine });
}

async function removeSome(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const refused = await terminateAll(cloud, machines, signal);
  signal.throwIfAborted();
  const gone = machines.filter(({ id }) => !refused.has(id));
  cloud.inventory.drop(gone);
  const left = await untilGone(cloud, clusterId, gone, signal);
  return machines.map((machine) => {
    const error = refused.get(machine.id);
    if (error) return { kind: "failed", machine, error };
    return left.has(machine.id) ? stillThere(machine) : { kind: "removed", machine };
  });
}

/**
 * Terminates what can be, and tells why the rest could not. EC2 refuses a whole call for one instance that it does not know: one
 * that is gone, or one that is so new that it is not seen everywhere yet, which is asked for again.
 */
async function terminateAll(
  cloud: Cloud,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Error>> {
  let rest = machines;
  for (const until = cloud.clock.elapsed() + unseenMs; rest.length > 0; ) {
    try {
      await terminateInstances(cloud.client, idsOf(rest), signal);
      return new Map();
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error : new BeltError("internal", String(error));
      if (codeOf(error) !== "InvalidInstanceID.NotFound") return new Map(rest.map(({ id }) => [id, reason]));
      const unknown = unknownIn(reason, rest);
      const isOver = cloud.clock.elapsed() >= until;
      const known = rest.filter((machine) => !unknown.has(machine.id) || (isNew(cloud, machine) && !isOver));
      if (known.length === rest.length) await cloud.clock.sleep(lookEveryMs, signal);
      rest = known;
    }
  }
  return new Map();
}

/** The ids that EC2's answer says it does not know; all of them where it names none. */
function unknownIn(error: Error, machines: readonly Machine[]): ReadonlySet<string> {
  const named = new Set(error.message.match(/i-[0-9a-f]+/g) ?? []);
  const some = idsOf(machines).filter((id) => named.has(id));
  return new Set(some.length > 0 ? some : idsOf(machines));
}

function isNew({ clock }: Cloud, { createdAt }: Machine): boolean {
  return clock.now() - Date.parse(createdAt) < unseenMs;
}

/** The ids of those that are there for longer than can be. */
async function untilGone(
  cloud: Cloud,
  clusterId: string,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const ids = new Set(idsOf(machines));
  for (const until = cloud.clock.elapsed() + fadingMs; ; ) {
    const listed = await cloud.inventory.list(clusterId, signal);
    const left = listed.filter(({ id, state }) => ids.has(id) && state.kind !== "failed").map(({ id }) => id);
    if (left.length === 0 || cloud.clock.elapsed() >= until) return new Set(left);
    await cloud.clock.sleep(lookEveryMs, signal);
  }
}

function idsOf(machines: readonly Machine[]): readonly string[] {
  return machines.map(({ id }) => id);
}

function stillThere(machine: Machine): RemoveOutcome {
  const message = `EC2 took the order to terminate ${machine.name}, and it is still there`;
  const hint = "Run the same command again in a minute.";
  return { kind: "failed", machine, error: new BeltError("provider.unavailable", message, { hint, retryable: true }) };
}
