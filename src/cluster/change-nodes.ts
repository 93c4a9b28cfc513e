import { isManager, isMember } from "../swarm/members.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import type { ClusterContext } from "./context.ts";
import { guardData } from "./data-guard.ts";
import { untilIdle } from "./drain.ts";
import { enforce, judgeChange } from "./guards.ts";
import { askOwn } from "./identity.ts";
import type { Operation } from "./journal-records.ts";
import { demote, leaveSwarm, type NodeAtHand, nodeNow, settled, speakerExcept, until, untilItLeads } from "./leave.ts";
import type { Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { type PresentView, pickViews } from "./pick.ts";
import { managersInOrder } from "./remove.ts";
import type { GuardReport, NodeChange, Observed, Outcome } from "./types.ts";

/** What these commands do to nodes: one that was cut off is made good by the next. */
const ofNodes: ReadonlySet<Operation> = new Set(["update", "leave"] as const);

/** What to change on which nodes. */
export interface ChangeNodes extends Leniency {
  readonly change: NodeChange;
  readonly names: readonly string[];
}

/**
 * Changes nodes of the swarm one after the other: workers first, then managers, the leader last. Managers are judged again
 * before each step, and the first failure ends the command: what follows was agreed to on other terms.
 */
export async function changeNodes(context: ClusterContext, wanted: ChangeNodes, signal: AbortSignal): Promise<Outcome> {
  const observed = await observe(context, true, signal);
  const targets = pickViews(wanted.names, observed.machines);
  enforce(report(wanted.change, targets, observed), wanted.acceptNoSpare);
  const tally = new Tally(context);
  const done = await changeInTurn(context, targets, { wanted, tally }, signal);
  const left = targets.filter((view) => !done.includes(view)).map(({ name }) => name);
  if (tally.failures.length === 0 && left.length === 0)
    await context.journal.closeOpen(({ operation, on }) => ofNodes.has(operation) && wanted.names.includes(on));
  const goOn = quoteCommand(["belt", "swarm", wanted.change.kind, compressNames(left)]);
  return conclude(
    context,
    tally,
    done.map(({ machine }) => machine),
    goOn,
  );
}

/** The change itself, on nodes that were observed; failures go to the tally, and the first one ends it. Returns what is done. */
export async function changeInTurn(
  context: ClusterContext,
  targets: readonly PresentView[],
  { wanted, tally }: { readonly wanted: ChangeNodes; readonly tally: Tally },
  signal: AbortSignal,
): Promise<readonly PresentView[]> {
  const managers = managersInOrder(targets);
  const workers = targets.filter((view) => !managers.includes(view));
  const done: PresentView[] = [];
  for (const view of [...workers, ...managers]) {
    const settled = await tally
      .phase(view.name, "node", () => changeNode(context, view, wanted, signal))
      .catch(() => signal.throwIfAborted());
    if (!settled) break;
    done.push(view);
  }
  return done;
}

function report(change: NodeChange, targets: readonly PresentView[], observed: Observed): GuardReport {
  if (change.kind === "promote" || change.kind === "demote") return judgeChange(change.kind, targets, observed);
  if (change.kind === "leave") return judgeChange("demote", targets, observed);
  return { verdict: "allowed", reasons: [], offer: undefined };
}

async function changeNode(
  context: ClusterContext,
  view: PresentView,
  wanted: ChangeNodes,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { node } = view;
  if (wanted.change.kind === "leave") return await leaveSwarm(context, view, wanted, signal); // with a journal of its own
  if (!node) {
    throw new BeltError("usage.invalid", `${view.name} is no node of the swarm`, {
      hint: "See the nodes: belt swarm status",
    });
  }
  // Only who is demoted must not speak for itself.
  const manager = await speakerExcept(context, wanted.change.kind === "demote" ? view.name : "", signal);
  const at: NodeAtHand = { manager, node: await nodeNow(manager, node, signal), view };
  return await context.journal.around("update", view.name, () => apply(context, at, wanted, signal));
}

async function apply(
  context: ClusterContext,
  at: NodeAtHand,
  wanted: ChangeNodes,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { manager, node } = at;
  const { change } = wanted;
  switch (change.kind) {
    case "promote":
      if (isMember(node)) return { effect: "unchanged", detail: "is a manager already" };
      await promote(context, at, signal);
      return { effect: "changed", detail: "is a manager" };
    case "demote":
      if (!isManager(node)) return { effect: "unchanged", detail: "is a worker already" };
      await judgeAgain(context, at, wanted, signal);
      await demote(context, at, signal);
      return { effect: "changed", detail: "is a worker" };
    case "drain":
      if (!wanted.moveLocalVolumes && context.spec.drain.localVolumes === "keep")
        await guardData(manager, node, signal);
      if (node.availability !== "drain") await manager.updateNode(node, { availability: "drain" }, signal);
      await untilIdle(context.deps.clock, manager, node, signal);
      return { effect: node.availability === "drain" ? "unchanged" : "changed", detail: "is drained" };
    case "activate":
      if (node.availability === "active") return { effect: "unchanged", detail: "is active already" };
      await manager.updateNode(node, { availability: "active" }, signal);
      return { effect: "changed", detail: "is active" };
    case "leave":
      return await leaveSwarm(context, at.view, wanted, signal);
    case "label":
      return await setLabels(at, change, signal);
  }
}

async function promote(
  context: ClusterContext,
  { manager, node, view }: NodeAtHand,
  signal: AbortSignal,
): Promise<void> {
  const word = await askOwn(context, view.machine, signal);
  if (word.kind === "none" || (word.kind === "node" && word.nodeId !== node.id))
    throw new BeltError("swarm.not-in", `${view.name} has left the swarm by itself: it is node ${node.id} no more`, {
      hint: "belt up joins it again.",
    });
  // One that is called a manager and has no vote cannot be demoted; its engine joins the managers again by itself.
  const now = node.role === "manager" ? await settled(context, { manager, node, view }, signal) : node;
  if (now.role === "worker") await manager.updateNode(now, { role: "manager" }, signal);
  await until(context, `${view.name} was promoted; the other managers did not reach it`, signal, async (inner) => {
    const now = await nodeNow(manager, node, inner);
    return now.manager?.reachability === "reachable";
  });
  await untilItLeads(context, view, signal);
}

async function setLabels(
  { manager, node }: NodeAtHand,
  { set, drop }: Extract<NodeChange, { kind: "label" }>,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const kept = Object.entries(node.labels).filter(([key]) => !drop.includes(key));
  const labels = { ...Object.fromEntries(kept), ...set };
  const same = Object.keys(labels).length === Object.keys(node.labels).length;
  if (same && Object.entries(labels).every(([key, value]) => node.labels[key] === value))
    return { effect: "unchanged" };
  await manager.updateNode(node, { labels }, signal);
  return { effect: "changed", detail: "labels set" };
}

async function judgeAgain(
  context: ClusterContext,
  { view }: NodeAtHand,
  wanted: ChangeNodes,
  signal: AbortSignal,
): Promise<void> {
  const observed = await observe(context, true, signal);
  const targets = observed.machines.filter(({ name }) => name === view.name);
  enforce(judgeChange("demote", targets, observed), wanted.acceptNoSpare);
}
