import type { Machine } from "../providers/provider.ts";
import type { LocalSwarm } from "../swarm/engine.ts";
import { isBeltError } from "../util/errors.ts";
import { type ClusterContext, emit, machinesByName, reach } from "./context.ts";
import type { Session } from "./sessions.ts";
import { planEngineRelease, releaseEngine } from "./steps/release-engine.ts";

/**
 * Undoes what beltkit did on a machine that stays when the cluster is done with it: it leaves the cluster's swarm, if it is still
 * in it, and its engine gets its own configuration back. A host that has nothing of ours on it is left wholly alone.
 *
 * @throws BeltError `ssh.*`, `engine.*` for a host that does not answer: nothing of it is forgotten then.
 */
export async function releaseMachine(context: ClusterContext, machine: Machine, signal: AbortSignal): Promise<void> {
  if (!machine.given?.taken) return;
  const session = await reach(context, machine, signal);
  const release = await planEngineRelease(session.connection, signal);
  const running = await leaveAndCount(context, session, signal);
  await releaseEngine(session.connection, { ...release, restart: running === 0 }, signal);
  if (running > 0 && release.isNeeded)
    emit(context, {
      event: "note",
      machine: machine.name,
      message: `${running} containers run there, so the engine was not restarted: it goes by its own configuration from its next start on`,
    });
}

/** Leaves the cluster's swarm; resolves with how many containers run afterwards. A host without an engine that answers runs none. */
async function leaveAndCount(
  context: ClusterContext,
  { machine, engine }: Session,
  signal: AbortSignal,
): Promise<number> {
  try {
    const { swarm } = await engine.info(signal);
    if (await isOurs(context, machine, swarm, signal)) await engine.swarmLeave(true, signal);
    return (await engine.info(signal)).containersRunning;
  } catch (error) {
    signal.throwIfAborted();
    if (isBeltError(error, "engine.unreachable")) return 0;
    throw error;
  }
}

/** Whether the swarm that an engine is in is the cluster's: by its id where a manager tells it, else by the managers that a worker knows. */
async function isOurs(
  context: ClusterContext,
  machine: Machine,
  local: LocalSwarm,
  signal: AbortSignal,
): Promise<boolean> {
  const { swarmId } = context.journal.state;
  if (local.state === "inactive" || swarmId === undefined) return false;
  if (local.swarmId !== undefined) return local.swarmId === swarmId;
  const machines = [...(await machinesByName(context, signal)).values(), machine];
  const ours = new Set(machines.flatMap(({ privateAddress, publicAddress }) => [privateAddress, publicAddress]));
  return local.managers.some((at) => ours.has(at.replace(/:\d+$/, "")));
}
