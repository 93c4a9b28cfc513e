import type { Engine } from "../swarm/engine.ts";
import { mapBounded } from "../util/concurrency.ts";
import { compressNames } from "../util/ranges.ts";
import { type ClusterContext, emit } from "./context.ts";
import { speakerExcept } from "./leave.ts";
import { availabilityLabel } from "./owned-labels.ts";
import type { PresentView } from "./pick.ts";

/** How many nodes without replicated tasks leave at a time. */
const maxAtOnce = 8;
/** How long the tasks of a node that left may take to run elsewhere before the next node goes. */
const movedDeadlineMs = 60_000;
const pollMs = 250;

/**
 * Lets workers leave so that no replicated service loses the tasks of more than one node at a time: nodes that run such tasks go
 * one after another, each once the tasks of the one before run elsewhere; all others go side by side. Those that wait get no
 * new tasks, which would only have to move again.
 *
 * @param leave takes one node out of the swarm; its failure ends nobody else's way.
 */
export async function leaveInTurn(
  context: ClusterContext,
  workers: readonly PresentView[],
  leave: (view: PresentView) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const busy = workers.length > 1 ? await withReplicas(context, workers, signal) : new Set<PresentView>();
  const free = workers.filter((view) => !busy.has(view));
  const inTurn = workers.filter((view) => busy.has(view));
  await Promise.all([mapBounded(free, maxAtOnce, leave), oneByOne(context, inTurn, leave, signal)]);
}

/** The workers that run tasks of replicated services now. Where no manager answers, leaving itself says so. */
async function withReplicas(
  context: ClusterContext,
  workers: readonly PresentView[],
  signal: AbortSignal,
): Promise<ReadonlySet<PresentView>> {
  const manager = await speakerExcept(context, "", signal).catch(() => signal.throwIfAborted());
  if (!manager) return new Set();
  const services = await manager.services(signal);
  const replicated = new Set(services.filter(({ isReplicated }) => isReplicated).map(({ id }) => id));
  if (replicated.size === 0) return new Set();
  const results = await mapBounded(workers, maxAtOnce, async (view) => {
    const tasks = view.node?.status === "ready" ? await manager.tasks(view.node.id, signal) : [];
    return tasks.some(({ serviceId, isEnding }) => !isEnding && replicated.has(serviceId));
  });
  return new Set(workers.filter((_, index) => results[index]?.status === "fulfilled" && results[index].value));
}

async function oneByOne(
  context: ClusterContext,
  workers: readonly PresentView[],
  leave: (view: PresentView) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (workers.length > 1) {
    const names = compressNames(workers.map(({ name }) => name));
    emit(context, { event: "note", message: `${names} run replicated services: they leave one after another` });
    await pauseAll(context, workers.slice(1), signal);
  }
  for (const [index, view] of workers.entries()) {
    const isLast = index === workers.length - 1;
    const affected = isLast ? new Set<string>() : await servicesOn(context, view, signal);
    await leave(view).catch(() => signal.throwIfAborted());
    await untilMoved(context, affected, signal);
  }
}

/** Nodes that wait for their turn get no new tasks. Whoever takes one back into the file gets it active again. */
async function pauseAll(context: ClusterContext, views: readonly PresentView[], signal: AbortSignal): Promise<void> {
  const manager = await speakerExcept(context, "", signal);
  for (const { name, node } of views) {
    const now = node && (await manager.node(node.id, signal));
    if (now?.availability !== "active") continue;
    const labels = { ...now.labels, [availabilityLabel]: "drain" };
    await context.journal.around("update", name, () =>
      manager.updateNode(now, { availability: "pause", labels }, signal),
    );
  }
}

async function servicesOn(
  context: ClusterContext,
  { node }: PresentView,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (!node) return new Set();
  const manager = await speakerExcept(context, "", signal);
  return new Set((await manager.tasks(node.id, signal)).map(({ serviceId }) => serviceId));
}

/** Waits until these services run as many tasks as they are to; tells of those that do not, and goes on. */
async function untilMoved(context: ClusterContext, ids: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  if (ids.size === 0) return;
  const { clock } = context.deps;
  const manager = await speakerExcept(context, "", signal);
  for (const end = clock.elapsed() + movedDeadlineMs; ; await clock.sleep(pollMs, signal)) {
    const short = await shortOf(manager, ids, signal);
    if (short.length === 0) return;
    if (clock.elapsed() < end) continue;
    const message = `${short.join(", ")} after ${movedDeadlineMs / 1000} s: going on`;
    emit(context, { event: "note", message });
    return;
  }
}

async function shortOf(manager: Engine, ids: ReadonlySet<string>, signal: AbortSignal): Promise<readonly string[]> {
  const services = await manager.services(signal);
  return services
    .filter(({ id, isReplicated, running, desired }) => ids.has(id) && isReplicated && running < desired)
    .map(({ name, running, desired }) => `${name} runs ${running} of ${desired} replicas`);
}
