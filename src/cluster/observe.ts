import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { BeltError, messageOf } from "../util/errors.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import { type ClusterContext, machinesByName, reach } from "./context.ts";
import type { Session } from "./sessions.ts";
import type { MachineView, Observed } from "./types.ts";

/** What asking the swarm brought: its nodes and the manager that answered, or why nobody did. */
export type SwarmAnswer =
  | { readonly kind: "answered"; readonly by: Session; readonly nodes: readonly SwarmNode[] }
  | { readonly kind: "none"; readonly why: string };

/** Looks at the world: the providers' machines joined with the swarm's nodes. */
export async function observe(context: ClusterContext, withSwarm: boolean, signal: AbortSignal): Promise<Observed> {
  const machines = await machinesByName(context, signal);
  const answer: SwarmAnswer = withSwarm
    ? await askSwarm(context, machines, signal)
    : { kind: "none", why: "the swarm was not asked" };
  const nodes = answer.kind === "answered" ? answer.nodes : undefined;
  return {
    machines: viewsOf(context, machines, nodes ?? []),
    nodes,
    swarmError: answer.kind === "none" ? answer.why : undefined,
  };
}

/** The node of a machine: by the link label, one that is up before one that the machine was earlier; else by its name, which is the host name. */
export function nodeOf(machine: Machine, nodes: readonly SwarmNode[]): SwarmNode | undefined {
  const linked = nodes.filter((node) => machineOf(node) === machine.id);
  const known = linked.find(({ status }) => status === "ready") ?? linked[0];
  return known ?? nodes.find((node) => machineOf(node) === undefined && node.hostname === machine.name);
}

/**
 * Asks the managers of the file for the swarm's nodes, all at once; the first one that can speak for the swarm is taken.
 * Machines that no group names are asked too when the file has no manager.
 */
export async function askSwarm(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
): Promise<SwarmAnswer> {
  const candidates = likelyManagers(context, machines);
  if (candidates.length === 0) return { kind: "none", why: "no machine is running" };
  const asked = candidates.map(async (machine) => speakFor(await reach(context, machine, signal), signal));
  try {
    return { kind: "answered", ...(await Promise.any(asked)) };
  } catch (error) {
    signal.throwIfAborted();
    const first = error instanceof AggregateError ? error.errors[0] : error;
    return { kind: "none", why: messageOf(first) };
  }
}

async function speakFor(session: Session, signal: AbortSignal): Promise<{ by: Session; nodes: readonly SwarmNode[] }> {
  const { swarm } = await session.engine.info(signal);
  if (swarm.state !== "active" || !swarm.isManager)
    throw new BeltError("swarm.no-leader", `${session.machine.name} is no manager of a swarm`);
  return { by: session, nodes: await session.engine.nodes(signal) };
}

function likelyManagers(context: ClusterContext, machines: ReadonlyMap<string, Machine>): readonly Machine[] {
  const running = [...machines.values()].filter((machine) => machine.state.kind === "running");
  const named = new Set(context.spec.machines.filter(({ role }) => role === "manager").map(({ name }) => name));
  const managers = running.filter((machine) => named.has(machine.name));
  return managers.length > 0 ? managers : running;
}

function viewsOf(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  nodes: readonly SwarmNode[],
): readonly MachineView[] {
  const wanted = new Map(context.spec.machines.map((machine) => [machine.name, machine]));
  const names = new Set([...wanted.keys(), ...machines.keys()]);
  return [...names].sort(naturalCompare).map((name) => {
    const machine = machines.get(name);
    const spec = wanted.get(name);
    return {
      name,
      group: spec?.group ?? machine?.group ?? "",
      role: spec?.role,
      provider: machine?.provider ?? spec?.provider ?? context.spec.provider,
      machine,
      node: machine && nodeOf(machine, nodes),
    };
  });
}
