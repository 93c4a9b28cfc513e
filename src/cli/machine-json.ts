import type { MachineView } from "../cluster/types.ts";
import type { MachineState } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";

/** A machine's status in one word, as `ls` and `status` show it. */
export function statusWord(view: MachineView): string {
  return view.machine === undefined ? "missing" : stateWord(view.machine.state);
}

/** One machine as the JSON documents of `ls` and `inspect` hold it. What is not known is null. */
export function machineJson(view: MachineView): Readonly<Record<string, unknown>> {
  const { machine } = view;
  return {
    name: view.name,
    group: view.group,
    role: view.role ?? null,
    provider: view.provider,
    id: machine?.id ?? null,
    state: machine?.state.kind ?? "missing",
    publicAddress: machine?.publicAddress ?? null,
    privateAddress: machine?.privateAddress ?? null,
    size: machine?.size ?? null,
    region: machine?.region ?? null,
    zone: machine?.zone ?? null,
    image: machine?.image ?? null,
    hostKey: machine?.hostKey ?? null,
    createdAt: machine?.createdAt ?? null,
    node: view.node === undefined ? null : nodeJson(view.node),
  };
}

/** One node of the swarm as JSON documents hold it. */
export function nodeJson(node: SwarmNode): Readonly<Record<string, unknown>> {
  return {
    id: node.id,
    status: node.status,
    availability: node.availability,
    managerStatus: managerStatus(node) ?? null,
    engineVersion: node.engineVersion,
  };
}

/** A manager's standing in one word, as `docker node ls` shows it; absent for workers. */
export function managerStatus(node: SwarmNode): string | undefined {
  if (node.manager === undefined) return undefined;
  return node.manager.leader ? "leader" : node.manager.reachability;
}

function stateWord(state: MachineState): string {
  return state.kind === "running" ? "active" : state.kind;
}
