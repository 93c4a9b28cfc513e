import { z } from "zod";
import { isBeltError } from "../util/errors.ts";
import type { Engine, SwarmObject } from "./engine.ts";

/** The label of the swarm's cluster object that says who is changing the cluster. */
const lockLabel = "belt.lock";

/** How long the lock in a swarm lasts after its owner last renewed it, in milliseconds. */
export const swarmLockExpiryMs = 60_000;

const schema = z.object({
  /** Random, new for every command: it tells the owner from everybody else. */
  owner: z.string(),
  /** The fencing number: it grows with every owner. */
  fence: z.number(),
  host: z.string(),
  /** The process, named for ever: whoever runs on the same boot of the same host can see whether it is gone. */
  pid: z.number(),
  startTime: z.string(),
  boot: z.string(),
  user: z.string(),
  command: z.string(),
  since: z.string(),
  beatMs: z.number(),
});

/** Who holds the lock in a swarm. */
export type SwarmHolder = z.infer<typeof schema>;

/** Who holds it now, and the cluster object that says so. */
export interface SwarmLockState {
  readonly swarm: SwarmObject;
  readonly holder: SwarmHolder | undefined;
}

/** Asks a manager who holds the lock. */
export async function readSwarmLock(manager: Engine, signal: AbortSignal): Promise<SwarmLockState> {
  const swarm = await manager.swarmInspect(signal);
  return { swarm, holder: parse(swarm.labels[lockLabel]) };
}

/** Who asks for the lock. */
export interface Asker {
  readonly owner: string;
  readonly nowMs: number;
  /** Whether the owner of a lock is known to have ended. */
  readonly isGone: (holder: SwarmHolder) => Promise<boolean>;
}

/** Who holds it, if that is somebody else who was heard of lately and has not ended. */
export async function otherHolder({ holder }: SwarmLockState, asker: Asker): Promise<SwarmHolder | undefined> {
  if (!holder || holder.owner === asker.owner || asker.nowMs - holder.beatMs > swarmLockExpiryMs) return undefined;
  return (await asker.isGone(holder)) ? undefined : holder;
}

/** How a try to write the lock ended: `lost` says who was quicker, or holds it. */
export type SwarmLockTry =
  | { readonly kind: "written" }
  | { readonly kind: "lost"; readonly to: SwarmHolder | undefined };

/** What to write. A renewal finds its own lock there: one that is gone may have been somebody else's in between. */
export interface SwarmLockWrite {
  readonly holder: SwarmHolder;
  readonly isRenewal: boolean;
  readonly isGone: Asker["isGone"];
}

/** More tries than this mean that the cluster object is being changed all the time by something else. */
const attempts = 5;

/**
 * Writes the lock, or renews it, by compare-and-set on the version of the cluster object: of two that try at once, one finds
 * the other's name. `fence` is raised above whatever was there.
 */
export async function writeSwarmLock(
  manager: Engine,
  { holder, isRenewal, isGone }: SwarmLockWrite,
  signal: AbortSignal,
): Promise<SwarmLockTry> {
  for (let attempt = 1; ; attempt += 1) {
    const state = await readSwarmLock(manager, signal);
    const other = await otherHolder(state, { owner: holder.owner, nowMs: holder.beatMs, isGone });
    if (other || (isRenewal && state.holder?.owner !== holder.owner)) return { kind: "lost", to: state.holder };
    const fence =
      state.holder?.owner === holder.owner ? holder.fence : Math.max(holder.fence, (state.holder?.fence ?? 0) + 1);
    const labels = { ...state.swarm.labels, [lockLabel]: JSON.stringify({ ...holder, fence }) };
    if (await compareAndSet(manager, { swarm: state.swarm, labels, isLast: attempt === attempts }, signal))
      return { kind: "written" };
  }
}

/** Takes the lock away: `owner`'s own, or anybody's where none is given. */
export async function clearSwarmLock(manager: Engine, owner: string | undefined, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { swarm, holder } = await readSwarmLock(manager, signal);
    if (holder === undefined || (owner !== undefined && holder.owner !== owner)) return;
    const { [lockLabel]: _, ...labels } = swarm.labels;
    if (await compareAndSet(manager, { swarm, labels, isLast: attempt === attempts }, signal)) return;
  }
}

interface Write {
  readonly swarm: SwarmObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly isLast: boolean;
}

async function compareAndSet(manager: Engine, { swarm, labels, isLast }: Write, signal: AbortSignal): Promise<boolean> {
  try {
    await manager.setSwarmLabels(labels, swarm.version, signal);
    return true;
  } catch (error) {
    if (isLast || !isBeltError(error, "engine.conflict")) throw error;
    return false;
  }
}

function parse(text: string | undefined): SwarmHolder | undefined {
  try {
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  } catch {
    return undefined; // not a lock that any version wrote
  }
}
