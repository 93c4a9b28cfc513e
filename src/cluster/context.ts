import type { Machine } from "../providers/provider.ts";
import type { KnownHosts } from "../ssh/known-hosts.ts";
import type { HeldLock } from "./cluster-lock.ts";
import type { BeltEvent } from "./events.ts";
import type { Fleet } from "./fleet.ts";
import type { Given } from "./given.ts";
import type { ClusterFolder, Home } from "./home.ts";
import type { Journal } from "./journal.ts";
import type { ClusterKeys } from "./keys.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { ClusterSpec } from "./spec/types.ts";
import type { Dependencies, SpecSource } from "./types.ts";

/** Everything that the work on one open cluster shares. */
export interface ClusterContext {
  readonly deps: Dependencies;
  readonly id: string;
  readonly spec: ClusterSpec;
  readonly source: SpecSource;
  /** What the file was read with. */
  readonly given: Given;
  /** Why the cluster file could not be read this time, where the journal's word for it is used instead. */
  readonly stale: Error | undefined;
  readonly home: Home;
  readonly folder: ClusterFolder;
  readonly journal: Journal;
  /** The cluster's keys; made at first use where there are none yet. */
  readonly keys: () => Promise<ClusterKeys>;
  /** The public keys that may log in on every machine: the cluster's own, then the operators'. */
  readonly authorizedKeys: () => Promise<readonly string[]>;
  /** The host keys that machines were given at creation, by the machine's name. */
  readonly knownHosts: KnownHosts;
  readonly fleet: Fleet;
  readonly sessions: Sessions;
  readonly lock: HeldLock;
}

/** An event without its time, which is added where it is emitted. */
export type Happening = BeltEvent extends infer E ? (E extends { at: number } ? Omit<E, "at"> : never) : never;

/** Tells whoever listens what just happened. */
export function emit(context: ClusterContext, happening: Happening): void {
  context.deps.emit({ ...happening, at: context.deps.clock.now() });
}

/** The names of the providers that this cluster's machines come from. */
export function providerNames(spec: ClusterSpec): readonly string[] {
  return [...new Set([spec.provider, ...spec.machines.map((machine) => machine.provider)])];
}

/** Every machine of the cluster that exists, by name: the providers' own word. */
export async function machinesByName(
  context: ClusterContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Machine>> {
  const machines = await context.fleet.list(providerNames(context.spec), context.id, signal);
  return new Map(machines.map((machine) => [machine.name, machine]));
}

/** How long to wait for a machine that is up already to answer; one that boots gets {@link bootDeadlineMs}. */
export const answerDeadlineMs = 20_000;

/** How long a machine may take from power on to a working SSH login. */
export const bootDeadlineMs = 180_000;

/** A session with a machine that should be up. */
export function reach(context: ClusterContext, machine: Machine, signal: AbortSignal): Promise<Session> {
  return context.sessions.open(machine, answerDeadlineMs, signal);
}
