import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Machine } from "../../../src/providers/provider.ts";
import type { LocalSwarm, SwarmNode } from "../../../src/swarm/engine.ts";
import { overtaken } from "./lateness.ts";

/** A machine of the world: what its provider keeps of it, and what happened on it. */
export interface WorldMachine {
  readonly machine: Machine;
  readonly authorizedKeys: readonly string[];
  readonly configured: boolean;
  /** Its files, in base64. */
  readonly daemonJson?: string;
  readonly owned?: string;
  readonly local: LocalSwarm | undefined;
  /** The swarm that its engine is in. */
  readonly swarmId: string | undefined;
}

/** A swarm as its managers list it, and what they do not say of it: since when, in milliseconds of the world's time. */
export interface WorldSwarm {
  readonly labels: Readonly<Record<string, string>>;
  readonly version: number;
  readonly nodes: readonly SwarmNode[];
  /** Since when no engine is a node any more, by the node's id. */
  readonly gone?: Readonly<Record<string, number>>;
  /** The roles that were asked for, and when, by the node's id. */
  readonly roles?: Readonly<Record<string, { readonly role: SwarmNode["role"]; readonly at: number }>>;
  /** When there can be a leader again. */
  readonly leaderlessFrom?: number | undefined;
  /** When the leader became one, unless it founded the swarm. */
  readonly ledFrom?: number;
}

/** A task of the scheduler. A node that is drained loses its tasks at once, but for those that do not stop. */
interface WorldTask {
  /** The host name of its node. */
  readonly on: string;
  readonly service: string;
  /** The volumes of its node that it mounts. */
  readonly volumes?: readonly string[];
  readonly stops?: boolean;
  /** Its service's. */
  readonly constraints?: readonly string[];
}

/** Everything outside of belt, as it stands on the disk: it outlives every belt that acts on it. */
export interface World {
  /** The time at which something happened last, in milliseconds since the epoch. */
  readonly nowMs: number;
  readonly machines: Readonly<Record<string, WorldMachine>>;
  readonly swarms: Readonly<Record<string, WorldSwarm>>;
  readonly shared: readonly string[];
  readonly tasks: readonly WorldTask[];
  /** Every change that took effect, in order: `create node1`, `join node1`, … */
  readonly ledger: readonly string[];
  /** Every call that only looked, by its kind. */
  readonly looks: Readonly<Record<string, number>>;
}

const empty: World = { nowMs: 0, machines: {}, swarms: {}, shared: [], tasks: [], ledger: [], looks: {} };

/** The world as it is now. */
export function readWorld(folder: string): World {
  const file = path.join(folder, "world.json");
  return existsSync(file) ? { ...empty, ...JSON.parse(readFileSync(file, "utf8")) } : empty;
}

/** Changes the world at one stroke: a process that is killed has changed it wholly or not at all. */
export function changeWorld(folder: string, change: (world: World) => Partial<World>): void {
  const world = readWorld(folder);
  const file = path.join(folder, "world.json");
  writeFileSync(`${file}.new`, JSON.stringify(overtaken({ ...world, ...change(world) })));
  renameSync(`${file}.new`, file);
}

/** Notes that somebody looked at something. */
export function countLook(folder: string, kind: string): void {
  changeWorld(folder, ({ looks }) => ({ looks: { ...looks, [kind]: (looks[kind] ?? 0) + 1 } }));
}

/** What a world is surrounded by: its time, and who watches each call of belt on it. */
export interface Around {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Is told of each call: before it takes effect, and once it has, before it is answered. */
  readonly watch?: (moment: "before" | "after", call: string) => void;
}

/** One call on the world: time has moved on, it takes effect, it is answered. */
export async function handled<T>(
  folder: string,
  around: Around,
  call: string,
  effect: () => T | Promise<T>,
): Promise<T> {
  changeWorld(folder, ({ nowMs }) => ({ nowMs: Math.max(nowMs, around.now()) }));
  around.watch?.("before", call);
  try {
    return await effect();
  } finally {
    around.watch?.("after", call);
  }
}
