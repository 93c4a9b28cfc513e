import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { BeltError, messageOf } from "../util/errors.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import { type ClusterContext, machinesByName, reach } from "./context.ts";
import { optionsOf } from "./create-machines.ts";
import type { WantedMake } from "./drift.ts";
import { askDoubtful, copiesAmong, isLeftBehind, nodesByMachine, type OwnWord } from "./identity.ts";
import type { Session } from "./sessions.ts";
import { isNodeSpec } from "./spec/types.ts";
import type { MachineView, Observed } from "./types.ts";
import { walledProviders } from "./walled-providers.ts";

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
  if (answer.kind === "answered") await context.lock.meet(answer.by.engine, signal);
  const nodes = answer.kind === "answered" ? answer.nodes : undefined;
  const words = nodes ? await askDoubtful(context, [...machines.values()], nodes, signal) : undefined;
  const seen = await observedFrom(context, machines, { nodes, words });
  return answer.kind === "none" ? { ...seen, swarmError: answer.why, swarmless: isSwarmless(context) } : seen;
}

function isSwarmless({ journal, spec }: ClusterContext): boolean {
  return journal.state.swarmId === undefined && spec.machines.every(({ role }) => role !== "manager");
}

/** The swarm as it was asked: its nodes, and what engines said of themselves, by their machines' names. */
export interface Seen {
  readonly nodes: readonly SwarmNode[] | undefined;
  readonly words?: ReadonlyMap<string, OwnWord> | undefined;
}

/** Joins machines and nodes that were listed already. */
export async function observedFrom(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  { nodes, words = new Map() }: Seen,
): Promise<Observed> {
  const [wanted, walled] = await Promise.all([wantedMakes(context), walledProviders(context)]);
  const own = nodesByMachine([...machines.values()], nodes ?? [], words);
  const copies = copiesAmong(words, own);
  const views = viewsOf(context, machines, own).map((view) =>
    withFormer(view, { machines, nodes: nodes ?? [], own, words }),
  );
  return { machines: views, nodes, swarmError: undefined, words, copies, wanted, walled };
}

/** What the file asks of every machine itself, in the words of its provider. */
async function wantedMakes(context: ClusterContext): Promise<ReadonlyMap<string, WantedMake>> {
  const makes = context.spec.machines.map(async (machine) => {
    const { plugin } = await context.fleet.open(machine.provider);
    const { image, region, defaultSize } = plugin.describe(optionsOf(context, machine));
    const size = machine.size === undefined ? defaultSize : (plugin.sizeOf?.(machine.size) ?? machine.size);
    return [machine.name, { image, region, size }] as const;
  });
  return new Map(await Promise.all(makes));
}

/**
 * Asks the managers of the file for the swarm's nodes, all at once; the first one that can speak for the swarm is taken.
 * Where the file has none that run, every machine is asked. Where they answer that they are workers, the managers that they
 * know are asked: the file may be ahead of the swarm.
 */
export async function askSwarm(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
): Promise<SwarmAnswer> {
  const running = [...machines.values()].filter((machine) => machine.state.kind === "running");
  const named = new Set(context.spec.machines.filter(({ role }) => role === "manager").map(({ name }) => name));
  const managers = running.filter((machine) => named.has(machine.name));
  const candidates = managers.length > 0 ? managers : running;
  if (candidates.length === 0) return { kind: "none", why: "no machine is running" };
  const known = new Set<string>();
  const answer = await firstToSpeak(context, candidates, known, signal);
  const others = running.filter((machine) => !candidates.includes(machine) && isAmong(machine, known));
  if (answer.kind === "answered" || others.length === 0) return answer;
  const other = await firstToSpeak(context, others, known, signal);
  return other.kind === "answered" ? other : answer;
}

/** @param known gets the addresses of the managers that those who are none know. */
async function firstToSpeak(
  context: ClusterContext,
  machines: readonly Machine[],
  known: Set<string>,
  signal: AbortSignal,
): Promise<SwarmAnswer> {
  const asked = machines.map(async (machine) => {
    const by = await reach(context, machine, signal);
    const { swarm } = await by.engine.info(signal);
    if (swarm.state === "active" && swarm.isManager) return { by, nodes: await by.engine.nodes(signal) };
    if (swarm.state === "active") for (const address of swarm.managers) known.add(address.replace(/:\d+$/, ""));
    throw new BeltError("swarm.no-leader", `${machine.name} is no manager of a swarm`);
  });
  try {
    return { kind: "answered", ...(await Promise.any(asked)) };
  } catch (error) {
    signal.throwIfAborted();
    const first = error instanceof AggregateError ? error.errors[0] : error;
    return { kind: "none", why: messageOf(first) };
  }
}

function isAmong({ privateAddress, publicAddress }: Machine, addresses: ReadonlySet<string>): boolean {
  return [privateAddress, publicAddress].some((address) => address !== undefined && addresses.has(address));
}

interface Joined {
  readonly machines: ReadonlyMap<string, Machine>;
  readonly nodes: readonly SwarmNode[];
  readonly own: ReadonlyMap<string, SwarmNode>;
  readonly words: ReadonlyMap<string, OwnWord>;
}

/** Adds the nodes that a machine was before, as far as they are still on the list and nobody runs as them. */
function withFormer(view: MachineView, { machines, nodes, own, words }: Joined): MachineView {
  const word = words.get(view.name);
  if (!word || word.kind === "silent") return view;
  const taken = new Set([...own.values()].map(({ id }) => id));
  const all = [...machines.values()];
  const former = nodes.filter(
    (node) =>
      !taken.has(node.id) &&
      machineOf(node) === view.machine?.id &&
      (node.status === "down" || isLeftBehind(node, all, words)),
  );
  return former.length > 0 ? { ...view, former } : view;
}

function viewsOf(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  nodes: ReadonlyMap<string, SwarmNode>,
): readonly MachineView[] {
  const wanted = new Map(context.spec.machines.map((machine) => [machine.name, machine]));
  const names = new Set([...wanted.keys(), ...machines.keys()]);
  return [...names].sort(naturalCompare).map((name) => {
    const machine = machines.get(name);
    const spec = wanted.get(name);
    return {
      name,
      group: spec?.group ?? machine?.group ?? "",
      role: spec && isNodeSpec(spec) ? spec.role : undefined,
      provider: machine?.provider ?? spec?.provider ?? context.spec.provider,
      machine,
      node: nodes.get(name),
    };
  });
}
