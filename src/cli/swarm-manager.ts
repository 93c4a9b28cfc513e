import { healthLine, swarmHealth } from "../cluster/swarm-health.ts";
import type { Cluster, MachineView, Observed } from "../cluster/types.ts";
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
  if (!observed.nodes || !chosen) throw noManager(cluster, observed);
  const machineOf = new Map(members.flatMap((view) => (view.node ? [[view.node.id, view] as const] : [])));
  return { nodes: observed.nodes, machineOf, manager: chosen.name };
}

/** A swarm that is only out of reach must not be answered with a second one. */
function noManager({ name }: Cluster, observed: Observed): BeltError {
  const line = healthLine(swarmHealth(observed));
  const why = line ?? observed.swarmError;
  const message = `no manager of cluster ${name} answers${why === undefined ? "" : `: ${why}`}`;
  const hint = "See the machines: belt status";
  return new BeltError("swarm.no-leader", message, {
    hint: line === undefined ? `${hint}. Where there is no swarm yet, belt up makes it.` : hint,
    retryable: true,
  });
}
