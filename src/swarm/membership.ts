import type { LocalSwarm, SwarmNode } from "./engine.ts";

/** What a machine's engine is in, seen from one swarm. */
export type Membership =
  | { readonly kind: "none" }
  | { readonly kind: "member"; readonly nodeId: string }
  /**
   * Neither in nor out. `joining`: the engine is still at it, or has lost its managers. `failed`: it gave up, or its managers
   * gave it up, and must leave before it can join again. `locked`: a manager that waits for the unlock key. `reason` is a sentence's end.
   */
  | {
      readonly kind: "half-joined";
      readonly nodeId: string;
      readonly cause: "joining" | "failed" | "locked";
      readonly reason: string;
    }
  | { readonly kind: "foreign"; readonly reason: string };

/** What is known of the swarm that the machine should be in: as much as there is. */
export interface ExpectedSwarm {
  readonly swarmId: string | undefined;
  /** The nodes as a manager lists them, read after the machine's own info: a node that joins is listed before it knows its id. */
  readonly nodes: readonly Pick<SwarmNode, "id">[] | undefined;
  /** Addresses of the swarm's managers, each `host:port`. */
  readonly managers: readonly string[];
}

/** Tells what a machine's engine is in, from what the engine says of itself (the swarm part of its info). */
export function membershipOf(local: LocalSwarm, expected: ExpectedSwarm): Membership {
  if (local.state === "inactive") return { kind: "none" };
  if (wasDropped(local, expected)) {
    const reason = `its managers at ${local.managers.join(", ")} have node ${local.nodeId} no more on their list`;
    return { kind: "half-joined", nodeId: local.nodeId, cause: "failed", reason };
  }
  const ours = isOurs(local, expected);
  if (ours === false) return { kind: "foreign", reason: whereItIs(local) };
  if (local.state === "active")
    return ours ? { kind: "member", nodeId: local.nodeId } : { kind: "foreign", reason: whereItIs(local) };
  return { kind: "half-joined", nodeId: local.nodeId, ...halfWay(local) };
}

/** Whether a worker still thinks that it is in, while the managers that it knows, which are ours, do not list it. */
function wasDropped({ state, isManager, nodeId, managers }: LocalSwarm, expected: ExpectedSwarm): boolean {
  const listed = expected.nodes === undefined || expected.nodes.some(({ id }) => id === nodeId);
  return state === "active" && !isManager && !listed && managers.some((at) => expected.managers.includes(at));
}

/** Whether what the engine is in is the expected swarm; `undefined` when nothing tells, as for an attempt that never got an answer. */
function isOurs(local: LocalSwarm, expected: ExpectedSwarm): boolean | undefined {
  if (local.nodeId !== "" && expected.nodes !== undefined) {
    if (expected.nodes.some((node) => node.id === local.nodeId)) return true;
    // A manager that was removed from the list still holds the swarm's own id.
    return local.swarmId !== undefined && local.swarmId === expected.swarmId;
  }
  if (local.swarmId !== undefined && expected.swarmId !== undefined) return local.swarmId === expected.swarmId;
  if (local.managers.length > 0 && expected.managers.length > 0)
    return local.managers.some((address) => expected.managers.includes(address));
  return undefined;
}

function whereItIs(local: LocalSwarm): string {
  if (local.swarmId !== undefined) return `it is a manager of the swarm ${local.swarmId}`;
  const managers = local.managers.length === 0 ? "" : `, whose managers are at ${local.managers.join(", ")}`;
  return `it is in another swarm${local.nodeId === "" ? "" : ` as node ${local.nodeId}`}${managers}`;
}

function halfWay(local: LocalSwarm): { cause: "joining" | "failed" | "locked"; reason: string } {
  if (local.state === "locked")
    return { cause: "locked", reason: "its swarm state is locked and waits for the unlock key" };
  if (local.state === "error") return { cause: "failed", reason: `its engine says: ${local.error || "no reason"}` };
  const at = local.managers.length === 0 ? "its managers" : local.managers.join(", ");
  return { cause: "joining", reason: `its engine is still trying to reach ${at}` };
}
