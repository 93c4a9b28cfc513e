import type { Cluster, MachineView } from "../cluster/types.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { BeltError } from "../util/errors.ts";

/** A swarm as one of its managers sees it. */
export interface SwarmView {
  readonly nodes: readonly SwarmNode[];
  /** The machine of each node, by the node's id; a node may be none of ours. */
  readonly machineOf: ReadonlyMap<string, MachineView>;
  /** A machine that is a manager now: the leader where it is ours. */
  readonly manager: string;
}

/** Asks the cluster's swarm. @throws BeltError `swarm.no-leader` when no manager answers. */
export async function viewSwarm(cluster: Cluster, signal: AbortSignal): Promise<SwarmView> {
  const observed = await cluster.observe({ swarm: true }, signal);
  const members = observed.machines.filter((view) => view.node !== undefined && view.machine?.state.kind === "running");
  const managers = members.filter((view) => view.node?.manager?.reachability === "reachable");
  const chosen = managers.find((view) => view.node?.manager?.leader === true) ?? managers[0];
  if (!observed.nodes || !chosen) {
    throw new BeltError(
      "swarm.no-leader",
      `no manager of cluster ${cluster.name} answers${observed.swarmError ? `: ${observed.swarmError}` : ""}`,
      {
        hint: "belt status shows the machines; belt up or belt swarm init makes a swarm.",
      },
    );
  }
  const machineOf = new Map(members.flatMap((view) => (view.node ? [[view.node.id, view] as const] : [])));
  return { nodes: observed.nodes, machineOf, manager: chosen.name };
}
