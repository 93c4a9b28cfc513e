import type { SwarmNode } from "../swarm/engine.ts";
import type { Availability, ClusterSpec, MachineSpec } from "./spec/types.ts";
import type { Change, ChangeAction, MachineView, Observed, Risk } from "./types.ts";

/** The label that remembers which availability the cluster file last asked for. */
export const availabilityLabel = "belt.availability";

/**
 * What `up` would do: a pure function of the cluster file and of the world as it was observed, in the order in which it would
 * be done, each with its reason in the user's words. Machines that the file does not name are left alone.
 */
export function plan(spec: ClusterSpec, observed: Observed): readonly Change[] {
  const views = new Map(observed.machines.map((view) => [view.name, view]));
  return spec.machines.flatMap((wanted) => changesFor(wanted, views.get(wanted.name), observed.nodes !== undefined));
}

function changesFor(wanted: MachineSpec, view: MachineView | undefined, swarmAnswered: boolean): readonly Change[] {
  const change = (action: ChangeAction, reason: string, risk: Risk = "none"): Change => ({
    action,
    machine: wanted.name,
    group: wanted.group,
    reason,
    risk,
  });
  const machine = view?.machine;
  const join = change("join", `to be a ${wanted.role} of the swarm`);
  if (!machine) return [change("create", `group ${wanted.group} names it and it is not there`), join];
  switch (machine.state.kind) {
    case "creating":
    case "failed":
      return [change("create", "its creation was not finished"), ...(view?.node ? [] : [join])];
    case "removing":
      return [change("create", "its removal was not finished, and the file names it"), join];
    case "stopped":
      return [change("start", "it is stopped"), ...(view?.node || !swarmAnswered ? [] : [join])];
    case "running":
      return view?.node ? updates(wanted, view.node, change) : [join];
  }
}

function updates(
  wanted: MachineSpec,
  node: SwarmNode,
  change: (action: ChangeAction, reason: string, risk?: Risk) => Change,
): readonly Change[] {
  const labels = Object.entries(wanted.labels).filter(([key, value]) => node.labels[key] !== value);
  const reasons = labels.map(([key, value]) => `label ${key} is to be "${value}"`);
  const moves = availabilityToSet(wanted, node);
  if (moves !== undefined) reasons.push(`availability is to be ${moves}`);
  return reasons.length > 0 ? [change("update", reasons.join("; "), moves === "drain" ? "moves-work" : "none")] : [];
}

/**
 * The availability to give a node, if any: only when the file asks for another one than it asked for last time. A node that
 * somebody drained by hand since then stays drained.
 */
export function availabilityToSet(wanted: MachineSpec, node: SwarmNode): Availability | undefined {
  const lastAsked = node.labels[availabilityLabel];
  return lastAsked === wanted.availability ? undefined : wanted.availability;
}
