import type { SwarmNode } from "../swarm/engine.ts";
import type { Availability, MachineSpec } from "./spec/types.ts";

/** The label that remembers which availability the cluster file last asked for. */
export const availabilityLabel = "belt.availability";

/** The label that remembers which label keys came from the cluster file: those that it names no more are taken away. */
export const ownedKeysLabel = "belt.labels";

/**
 * The availability to give a node, if any: only when the file asks for another one than it asked for last time. A node that
 * somebody drained by hand since then stays drained.
 */
export function availabilityToSet(wanted: MachineSpec, node: SwarmNode): Availability | undefined {
  const lastAsked = node.labels[availabilityLabel];
  return lastAsked === wanted.availability ? undefined : wanted.availability;
}

/** The label that remembers, as a digest, which settings a node's machine was last seen to have: see settings.ts. */
export const settingsLabel = "belt.settings";

/** The label that says in which zone of its region a machine is, for placement that spreads over zones. */
const zoneLabel = "belt.zone";

/** What a node's labels tell of its machine: the zone that it is in, and a digest of its settings, as far as there are any. */
interface Told {
  readonly zone?: string | undefined;
  readonly settings?: string | undefined;
}

/** The labels that the file wants on a node, with what beltkit remembers there, and what they tell of its machine. */
export function labelsFor(
  wanted: MachineSpec,
  node: SwarmNode | undefined,
  { zone, settings }: Told = {},
): Readonly<Record<string, string>> {
  const keys = Object.keys(wanted.labels).sort().join(",");
  const remember = keys !== "" || node?.labels[ownedKeysLabel] !== undefined;
  return {
    ...wanted.labels,
    [availabilityLabel]: wanted.availability,
    ...(zone === undefined ? {} : { [zoneLabel]: zone }),
    ...(settings === undefined ? {} : { [settingsLabel]: settings }),
    ...(remember ? { [ownedKeysLabel]: keys } : {}),
  };
}

/** The keys on a node that came from the file and that it names no more. */
export function keysToDrop(wanted: MachineSpec, node: SwarmNode): readonly string[] {
  const owned = (node.labels[ownedKeysLabel] ?? "").split(",").filter((key) => key !== "");
  return owned.filter((key) => !Object.hasOwn(wanted.labels, key) && Object.hasOwn(node.labels, key));
}
