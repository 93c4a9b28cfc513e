import { clearSwarmLock, readSwarmLock, type SwarmHolder, swarmLockExpiryMs } from "../swarm/swarm-lock.ts";
import { askSwarm } from "./ask-swarm.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { breakLock, hasEnded, readLock, type SeenLock } from "./lock.ts";

/** Who holds a cluster's lock, in its folder and in its swarm. */
export interface LockState {
  readonly folder: SeenLock | undefined;
  readonly swarm: (SwarmHolder & { readonly expired: boolean }) | undefined;
  /** Why the swarm could not be asked, where it could not. */
  readonly swarmError: string | undefined;
}

/** Looks at the lock, here and in the swarm. */
export async function lockState(context: ClusterContext, signal: AbortSignal): Promise<LockState> {
  const { deps, folder } = context;
  const here = await readLock(folder.lock, deps);
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  if (answer.kind === "none") return { folder: here, swarm: undefined, swarmError: answer.why };
  const { holder } = await readSwarmLock(answer.by.engine, signal);
  const swarm = holder && {
    ...holder,
    expired: deps.clock.now() - holder.beatMs > swarmLockExpiryMs || (await hasEnded(holder, deps)),
  };
  return { folder: here, swarm, swarmError: undefined };
}

/** Takes the lock away from whoever holds it, here and in the swarm: he changes nothing more. */
export async function breakLocks(context: ClusterContext, signal: AbortSignal): Promise<void> {
  await breakLock(context.folder.lock);
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  if (answer.kind === "answered") await clearSwarmLock(answer.by.engine, undefined, signal);
}
