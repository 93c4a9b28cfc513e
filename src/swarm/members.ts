import type { SwarmNode } from "./engine.ts";
import type { ManagerState } from "./quorum.ts";

/** The one definition of who decides in a swarm, for the guards, the plan and every view. */

/**
 * Whether a node is a member of Raft: it has a manager's status. Its role says only what it is to be: a manager that was cut off by
 * a swarm formed anew keeps the role and is no member, and one that is being demoted is a member until its status is gone.
 */
export function isMember(node: SwarmNode): node is SwarmNode & { readonly manager: object } {
  return node.manager !== undefined;
}

/** Whether a node is a manager in any way: it is one, is to become one, or is on its way out. */
export function isManager(node: SwarmNode): boolean {
  return node.role === "manager" || isMember(node);
}

/** Whether a member counts towards the majority now: the others reach it, and it is not down. */
export function isAlive({ manager, status }: SwarmNode): boolean {
  return manager?.reachability === "reachable" && status !== "down";
}

/** The members of Raft as the guard takes them. `nameOf` gives the name that people know a node by. */
export function membersOf(
  nodes: readonly SwarmNode[],
  nameOf: (node: SwarmNode) => string = ({ hostname }) => hostname,
): readonly ManagerState[] {
  return nodes.filter(isMember).map((node) => ({
    id: node.id,
    name: nameOf(node),
    reachable: isAlive(node),
    leader: node.manager.leader,
  }));
}
