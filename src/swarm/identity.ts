import type { SwarmNode } from "./engine.ts";
import { isMember } from "./members.ts";

/** The label of a node that says which machine it is: the machine's id, as its provider knows it. */
export const machineLabel = "belt.machine";

/** The label of the swarm's cluster object that says whose swarm it is: the cluster's id. Set in the very call that makes the swarm. */
export const clusterLabel = "belt.cluster-id";

/** The id of the machine that a node was linked to when it joined. */
export function machineOf(node: SwarmNode): string | undefined {
  return node.labels[machineLabel];
}

/**
 * The nodes that a machine was before it left the swarm by itself and joined again, as its engine now says another id: those that are
 * down or were at its own address, for a link alone may have moved to another machine with the state of a node. Workers only:
 * a member of Raft has to be demoted before it can be forgotten.
 */
export function formerNodes(
  nodes: readonly SwarmNode[],
  now: { readonly machineId: string; readonly nodeId: string; readonly addresses: readonly (string | undefined)[] },
): readonly SwarmNode[] {
  return nodes.filter(
    (node) =>
      machineOf(node) === now.machineId &&
      node.id !== now.nodeId &&
      node.role === "worker" &&
      !isMember(node) &&
      (node.status === "down" || now.addresses.includes(node.address)),
  );
}
