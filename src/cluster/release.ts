import type { Machine, RemoveOutcome } from "../providers/provider.ts";
import type { LocalSwarm } from "../swarm/engine.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError, isBeltError, messageOf } from "../util/errors.ts";
import { type ClusterContext, emit, machinesByName, reach } from "./context.ts";
import type { Session } from "./sessions.ts";
import { planEngineRelease, releaseEngine } from "./steps/release-engine.ts";

/** How many hosts are worked on at a time. */
const sideBySide = 16;

/**
 * Undoes what beltkit did on machines that stay when the cluster is done with them: they leave the cluster's swarm, if they are
 * still in it, and their engines get their own configuration back. A host that has nothing of ours on it is left wholly alone.
 *
 * @returns those on which that failed; nothing of them is to be forgotten.
 */
export async function releaseMachines(
  context: ClusterContext,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const taken = machines.filter(({ given }) => given?.taken && !given.abandoned);
  const all = [...(await machinesByName(context, signal)).values(), ...taken];
  const ours = new Set(all.flatMap(({ privateAddress, publicAddress }) => [privateAddress, publicAddress]));
  const results = await mapBounded(taken, sideBySide, (machine) => release(context, { machine, ours }, signal));
  signal.throwIfAborted();
  return taken.flatMap((machine, index): readonly RemoveOutcome[] => {
    const result = results[index];
    if (result?.status !== "rejected") return [];
    const { reason } = result;
    return [{ kind: "failed", machine, error: reason instanceof Error ? reason : new Error(messageOf(reason)) }];
  });
}

interface Releasing {
  readonly machine: Machine;
  /** The addresses of all machines of the cluster. */
  readonly ours: ReadonlySet<string | undefined>;
}

async function release(context: ClusterContext, { machine, ours }: Releasing, signal: AbortSignal): Promise<void> {
  const session = await reach(context, machine, signal).catch((error: unknown) => {
    throw wayOut(machine, error);
  });
  const plan = await planEngineRelease(session.connection, signal);
  const running = await leaveAndCount(context, { session, ours }, signal);
  await releaseEngine(session.connection, { ...plan, restart: running === 0 }, signal);
  if (running > 0 && plan.isNeeded)
    emit(context, {
      event: "note",
      machine: machine.name,
      message: `${running} containers run there, so the engine was not restarted: it goes by its own configuration from its next start on`,
    });
}

function wayOut({ name }: Machine, error: unknown): unknown {
  if (!isBeltError(error, "ssh.unreachable")) return error;
  return new BeltError(error.code, error.message, {
    hint: `If the host is gone for good: belt release ${name} --force forgets it, and leaves what is on it`,
    retryable: error.retryable,
    cause: error,
  });
}

/** A host that does not answer, as one that is given up: nothing on it is undone. */
export function abandoned(machine: Machine): Machine {
  const { given, state } = machine;
  return given && state.kind === "failed" ? { ...machine, given: { ...given, abandoned: true } } : machine;
}

/** Leaves the cluster's swarm; resolves with how many containers run afterwards. A host without an engine that answers runs none. */
async function leaveAndCount(
  context: ClusterContext,
  { session: { engine }, ours }: { readonly session: Session; readonly ours: Releasing["ours"] },
  signal: AbortSignal,
): Promise<number> {
  try {
    const { swarm } = await engine.info(signal);
    if (isOurs(context.journal.state.swarmId, swarm, ours)) await engine.swarmLeave(true, signal);
    return (await engine.info(signal)).containersRunning;
  } catch (error) {
    signal.throwIfAborted();
    if (isBeltError(error, "engine.unreachable")) return 0;
    throw error;
  }
}

/** Whether the swarm that an engine is in is the cluster's: by its id where a manager tells it, else by the managers that a worker knows. */
function isOurs(swarmId: string | undefined, local: LocalSwarm, ours: Releasing["ours"]): boolean {
  if (local.state === "inactive" || swarmId === undefined) return false;
  if (local.swarmId !== undefined) return local.swarmId === swarmId;
  return local.managers.some((at) => ours.has(at.replace(/:\d+$/, "")));
}
