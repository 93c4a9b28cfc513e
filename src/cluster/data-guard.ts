import type { Engine, SwarmNode } from "../swarm/engine.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { askSwarm } from "./ask-swarm.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { serviceNames } from "./drain.ts";
import type { Leniency } from "./leniency.ts";
import type { MachineView, Observed } from "./types.ts";

/** How many nodes a manager is asked about at a time. */
const maxAtOnce = 8;

/**
 * Refuses to take a node's tasks away from volumes that live on that node only: they would start elsewhere on empty ones.
 *
 * @throws BeltError `guard.data` naming each service and volume.
 */
export async function guardData(manager: Engine, node: SwarmNode, signal: AbortSignal): Promise<void> {
  refuseBound(await boundTo(manager, [node], signal));
}

/** Machines that are to lose their tasks, and the world in which they were seen. */
export interface Leaving {
  readonly observed: Observed;
  readonly targets: readonly MachineView[];
}

/** {@link guardData} for all of these machines, before anything is done to one of them. @throws BeltError `guard.data` */
export async function guardVolumes(
  context: ClusterContext,
  leaving: Leaving,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<void> {
  if (!leniency.moveLocalVolumes) refuseBound(await boundVolumes(context, leaving, signal));
}

/**
 * What keeps these machines where they are: a sentence for each node that names every service and volume. Where nobody can be
 * asked, what is a node by the file may well keep data. Nothing where the cluster file lets volumes stay behind.
 */
export async function boundVolumes(
  context: ClusterContext,
  { observed, targets }: Leaving,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (context.spec.drain.localVolumes === "move") return [];
  if (observed.nodes === undefined) return unknownOf(context, targets);
  const nodes = targets.flatMap(({ node }) => node ?? []);
  if (nodes.length === 0) return [];
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  return answer.kind === "answered" ? await boundTo(answer.by.engine, nodes, signal) : unknownOf(context, targets);
}

/** Refuses what {@link boundVolumes} found, if it found anything. @throws BeltError `guard.data` */
export function refuseBound(bound: readonly string[]): void {
  if (bound.length === 0) return;
  throw new BeltError("guard.data", bound.join("; "), {
    hint: "Move the data first. With --move-local-volumes the tasks start elsewhere, on empty volumes.",
  });
}

function unknownOf({ journal }: ClusterContext, targets: readonly MachineView[]): readonly string[] {
  const names = targets.filter(({ machine, role }) => machine && role !== undefined).map(({ name }) => name);
  if (names.length === 0 || journal.state.swarmId === undefined) return [];
  return [
    `no manager answers, so nobody knows whether tasks keep data on ${compressNames(names)}; bring one back first`,
  ];
}

async function boundTo(manager: Engine, nodes: readonly SwarmNode[], signal: AbortSignal): Promise<readonly string[]> {
  const results = await mapBounded(nodes, maxAtOnce, (node) => usesOn(manager, node, signal));
  return results.flatMap((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value ?? [];
  });
}

async function usesOn(manager: Engine, node: SwarmNode, signal: AbortSignal): Promise<string | undefined> {
  const tasks = await manager.tasks(node.id, signal);
  const bound = tasks.filter(({ isEnding, localVolumes }) => !isEnding && localVolumes.length > 0);
  if (bound.length === 0) return undefined;
  const names = await serviceNames(manager, signal);
  const uses = bound.map(
    (task) => `${names.get(task.serviceId) ?? task.serviceId} uses ${task.localVolumes.join(", ")}`,
  );
  return `tasks on ${node.hostname} keep data there: ${[...new Set(uses)].join("; ")}`;
}
