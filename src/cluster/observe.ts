import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import { askSwarm, type SwarmAnswer } from "./ask-swarm.ts";
import { type ClusterContext, emit, machinesByName } from "./context.ts";
import { optionsOf } from "./create-machines.ts";
import type { WantedMake } from "./drift.ts";
import { askDoubtful, copiesAmong, isLeftBehind, nodesByMachine, type OwnWord } from "./identity.ts";
import { isNodeSpec } from "./spec/types.ts";
import type { MachineView, Observed } from "./types.ts";
import { walledProviders } from "./walled-providers.ts";

/** Looks at the world: the providers' machines joined with the swarm's nodes. `deadlineMs` is for each manager's answer. */
export async function observe(
  context: ClusterContext,
  withSwarm: boolean,
  signal: AbortSignal,
  deadlineMs?: number,
): Promise<Observed> {
  const machines = await machinesByName(context, signal);
  const answer: SwarmAnswer = withSwarm
    ? await askSwarm(context, machines, signal, deadlineMs)
    : { kind: "none", why: "the swarm was not asked", trouble: { kind: "silent" } };
  if (answer.kind === "answered") await context.lock.meet(answer.by.engine, signal);
  const nodes = answer.kind === "answered" ? answer.nodes : undefined;
  const words = nodes ? await askDoubtful(context, [...machines.values()], nodes, signal) : undefined;
  const seen = await observedFrom(context, machines, { nodes, words });
  const swarmKnown = context.journal.state.swarmId !== undefined;
  if (answer.kind === "answered") return { ...seen, swarmKnown };
  const swarmless = !swarmKnown && context.spec.machines.every(({ role }) => role !== "manager");
  return { ...seen, swarmError: answer.why, trouble: answer.trouble, swarmKnown, swarmless };
}

/** How long nodes may be `unknown` after a change of leader, and how often that is looked at. */
const unknownMs = { deadline: 90_000, poll: 1000 };

/** {@link observe}, once the managers know again how the nodes of running machines are: for whoever chooses among them. */
export async function observeClear(context: ClusterContext, signal: AbortSignal): Promise<Observed> {
  const { clock } = context.deps;
  const end = clock.elapsed() + unknownMs.deadline;
  for (let isTold = false; ; isTold = true) {
    const observed = await observe(context, true, signal);
    const unclear = observed.machines.filter(
      ({ machine, node }) => machine?.state.kind === "running" && node?.status === "unknown",
    );
    if (unclear.length === 0 || clock.elapsed() >= end) return observed;
    const message = "the swarm has a new leader, which does not know yet how all nodes are: waiting for it";
    if (!isTold) emit(context, { event: "note", message });
    await clock.sleep(unknownMs.poll, signal);
  }
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
