import type { Phase } from "./events.ts";
import type { JournalState } from "./journal-state.ts";
import type { MachineView } from "./types.ts";

/** Where a machine stands on its way into the cluster, or out of it. */
export type NodeState =
  | "intended"
  | "creating"
  | "booting"
  | "reachable"
  | "engine"
  | "joined"
  | "ready"
  | "draining"
  | "left"
  | "removed";

/** Where a phase that has begun puts a machine, and where it is once it went well. */
const during: Partial<Record<Phase, NodeState>> = { create: "creating", leave: "draining" };
const after: Partial<Record<Phase, NodeState>> = {
  create: "booting",
  reach: "reachable",
  configure: "engine",
  join: "joined",
  leave: "left",
  remove: "removed",
};

/** The state that the beginning or the end of a phase brings, if any. */
export function stateBy(phase: Phase, moment: "begun" | "done"): NodeState | undefined {
  return moment === "begun" ? during[phase] : after[phase];
}

/** Where a machine stands, from what was observed and from what the journal knows. */
export function stateOf({ name, machine, node }: MachineView, journal: JournalState): NodeState {
  if (!machine) return "intended";
  const isOpen = (operation: string): boolean =>
    journal.open.some((one) => one.operation === operation && one.on === name);
  switch (machine.state.kind) {
    case "creating":
    case "failed":
      return "creating";
    case "removing":
      return "left";
    case "stopped":
    case "running":
      if (!node && journal.left.has(name)) return "left";
      if (!node && journal.bootstrapped.has(name)) return "engine";
      if (!node) return journal.met.has(name) ? "reachable" : "booting";
      if (isOpen("leave")) return "draining";
      return node.status === "ready" ? "ready" : "joined";
  }
}
