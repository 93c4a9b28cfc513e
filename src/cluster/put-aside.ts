import type { Engine, SwarmNode } from "../swarm/engine.ts";
import { messageOf } from "../util/errors.ts";
import { bootDeadlineMs, type ClusterContext, emit } from "./context.ts";
import { guardData } from "./data-guard.ts";
import { untilIdle } from "./drain.ts";
import { enforce, type GuardedChange, judgeChange } from "./guards.ts";
import { nodeNow, speakerExcept, until, untilItLeads } from "./leave.ts";
import type { Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import type { PresentView } from "./pick.ts";

/** The label that remembers, on a node that was drained for a change of its machine, what it was before. */
const asideLabel = "belt.aside";

/** Work on a machine that stops it for a moment, and what was agreed to beforehand. */
export interface AsideWork {
  readonly leniency: Leniency;
  /** What the quorum guard is asked about. */
  readonly change: GuardedChange;
  /** The whole cluster was named: it is known to stop deciding anything for a moment, so that its only manager may be meant. */
  readonly whole: boolean;
  readonly work: () => Promise<void>;
}

/** Whether a node is drained because a command put it aside, and was not put back yet. */
export function wasPutAside({ availability, labels }: SwarmNode): boolean {
  return availability === "drain" && labels[asideLabel] !== undefined;
}

/**
 * Takes a machine's node out of service around work that stops the machine, and puts it back to what it was: it is drained,
 * loses its tasks, comes back ready (a manager: among the managers), and only then gets tasks again. Also when the work fails;
 * when the command itself is ended, the same command puts it back, since the node remembers. The guards are asked right before.
 *
 * @throws BeltError `guard.*` before anything is done to the node, `timeout` that says what it waited for.
 */
export async function aside(
  context: ClusterContext,
  view: PresentView,
  { leniency, change, whole, work }: AsideWork,
  signal: AbortSignal,
): Promise<void> {
  const { name, node } = view;
  if (!node) return await offAndOn(context, view, work, signal);
  const speaker: Speaker = (inner) => speakerExcept(context, whole && node.role === "manager" ? "" : name, inner);
  if (node.role === "manager" && !whole) await judgeNow(context, view, { leniency, change }, signal);
  const manager = await speaker(signal);
  const before = await nodeNow(manager, node, signal);
  if (!leniency.moveLocalVolumes && context.spec.drain.localVolumes === "keep")
    await guardData(manager, before, signal);
  const at: AtNode = { speaker, node: before, name };
  await drain(context, at, manager, signal);
  try {
    await untilIdle(context.deps.clock, manager, before, signal);
    await offAndOn(context, view, work, signal);
    await until(context, `${name} was started again; the managers do not see it ready`, signal, (inner) =>
      isReady(at, inner),
    );
    if (before.role === "manager") await untilItLeads(context, view, signal);
  } catch (error) {
    await putBack(context, at, signal).catch((other: unknown) => tell(context, name, other));
    throw error;
  }
  await putBack(context, at, signal);
}

/** Finds a manager that answers now: who answered before may have been off in the meantime. */
type Speaker = (signal: AbortSignal) => Promise<Engine>;

interface AtNode {
  readonly speaker: Speaker;
  readonly node: SwarmNode;
  readonly name: string;
}

async function judgeNow(
  context: ClusterContext,
  { name }: PresentView,
  { leniency, change }: Pick<AsideWork, "leniency" | "change">,
  signal: AbortSignal,
): Promise<void> {
  const observed = await observe(context, true, signal);
  const targets = observed.machines.filter((view) => view.name === name);
  enforce(judgeChange(change, targets, observed), leniency.acceptNoSpare);
}

async function drain(
  context: ClusterContext,
  { node, name }: AtNode,
  manager: Engine,
  signal: AbortSignal,
): Promise<void> {
  if (node.availability === "drain") return; // by hand, and stays so, or by an earlier command, which the label tells
  const labels = { ...node.labels, [asideLabel]: node.availability };
  await context.journal.around("update", name, () =>
    manager.updateNode(node, { availability: "drain", labels }, signal),
  );
}

/** Nobody may answer for a moment, where it was the only manager that was off. */
async function isReady({ speaker, node }: AtNode, signal: AbortSignal): Promise<boolean> {
  const manager = await speaker(signal).catch(() => signal.throwIfAborted());
  const nodes = await manager?.nodes(signal).catch(() => signal.throwIfAborted());
  return nodes?.find(({ id }) => id === node.id)?.status === "ready";
}

async function putBack(context: ClusterContext, { speaker, node, name }: AtNode, signal: AbortSignal): Promise<void> {
  const manager = await speaker(signal);
  const now = await nodeNow(manager, node, signal);
  const { [asideLabel]: before, ...labels } = now.labels;
  if (before === undefined) return;
  const availability = before === "pause" ? "pause" : "active";
  await context.journal.around("update", name, () => manager.updateNode(now, { availability, labels }, signal));
}

async function offAndOn(
  context: ClusterContext,
  { name, machine }: PresentView,
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  await context.sessions.drop(name);
  await work();
  await context.sessions.open({ ...machine, state: { kind: "running" } }, bootDeadlineMs, signal);
}

function tell(context: ClusterContext, machine: string, error: unknown): void {
  const message = `stays drained for now, and the same command puts it back: ${messageOf(error)}`;
  emit(context, { event: "note", machine, message });
}
