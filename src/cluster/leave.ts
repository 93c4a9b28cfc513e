import type { Engine, SwarmNode } from "../swarm/engine.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import { type ClusterContext, emit, machinesByName, reach } from "./context.ts";
import { guardData } from "./data-guard.ts";
import { untilIdle } from "./drain.ts";
import { enforce, judgeNode } from "./guards.ts";
import type { Leniency } from "./leniency.ts";
import { askSwarm, observe } from "./observe.ts";
import { availabilityLabel } from "./owned-labels.ts";
import type { PhaseResult } from "./phases.ts";
import type { PresentView } from "./pick.ts";

/** How long a change of a node may take to be seen by everybody whom it concerns. */
const seenDeadlineMs = 60_000;
const pollMs = 250;

/** A manager's engine that is not the one of `except` (a name, or nothing): nobody speaks for a swarm that he is leaving. */
export async function speakerExcept(context: ClusterContext, except: string, signal: AbortSignal): Promise<Engine> {
  const machines = new Map(await machinesByName(context, signal));
  machines.delete(except);
  const answer = await askSwarm(context, machines, signal);
  if (answer.kind === "answered") {
    await context.lock.meet(answer.by.engine, signal);
    return answer.by.engine;
  }
  throw new BeltError("swarm.no-leader", `no ${except === "" ? "" : "other "}manager answers: ${answer.why}`);
}

/**
 * Takes one node out of the swarm, in the one order that hurts nobody: drain, wait until no task is left, demote a manager and
 * wait until that is seen, leave, be forgotten. The guards are asked again with what is known now.
 *
 * @throws BeltError `guard.*`, `timeout` that says what it waited for; what was done stays done, and the same command goes on.
 */
export async function leaveSwarm(
  context: ClusterContext,
  view: PresentView,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<PhaseResult> {
  if (!view.node) return { effect: "unchanged", detail: "is in no swarm" };
  if (view.node.role === "manager") await judgeNow(context, view.node, leniency, signal);
  const manager = await speakerExcept(context, view.name, signal);
  const node = await nodeNow(manager, view.node, signal);
  if (!leniency.moveLocalVolumes && context.spec.drain.localVolumes === "keep") await guardData(manager, node, signal);
  return await context.journal.around("leave", view.name, async () => {
    // Remembered as what was asked for last: who takes the machine back into the file gets it active again.
    const labels = { ...node.labels, [availabilityLabel]: "drain" };
    await manager.updateNode(node, { availability: "drain", labels }, signal);
    await idle(context, { manager, node }, leniency, signal);
    if (node.role === "manager") {
      await judgeNow(context, node, leniency, signal); // another one may have failed in the meantime
      await demote(context, { manager, node, view }, signal);
    }
    await depart(context, { manager, node, view }, signal);
    return { effect: "changed", detail: "drained and left the swarm" };
  });
}

/** One node, the machine that it is, and a manager to ask. */
export interface NodeAtHand {
  readonly manager: Engine;
  readonly node: SwarmNode;
  readonly view: PresentView;
}

/** Makes a manager a worker, and waits until the others and its own engine know: a promotion or a leave before that fails. */
export async function demote(
  context: ClusterContext,
  { manager, node, view }: NodeAtHand,
  signal: AbortSignal,
): Promise<void> {
  if (answers(view)) await untilItLeads(context, view, signal);
  await manager.updateNode(await nodeNow(manager, node, signal), { role: "worker" }, signal);
  await until(context, `${view.name} was demoted; the managers did not see it`, signal, async (inner) => {
    const now = (await manager.nodes(inner)).find(({ id }) => id === node.id);
    return !now || (now.role === "worker" && now.manager === undefined);
  });
  if (!answers(view)) return;
  const { engine } = await reach(context, view.machine, signal);
  await until(context, `${view.name} was demoted; its own engine did not see it`, signal, async (inner) => {
    const { swarm } = await engine.info(inner);
    return !swarm.isManager;
  });
}

/**
 * Waits until a manager's own engine speaks for the swarm. One that is demoted before it has wholly become a manager may
 * come back as a voter that nobody hears.
 */
export async function untilItLeads(context: ClusterContext, view: PresentView, signal: AbortSignal): Promise<void> {
  const { engine } = await reach(context, view.machine, signal);
  await until(context, `${view.name} is to be a manager; its own engine did not become one`, signal, async (inner) => {
    const { swarm } = await engine.info(inner);
    if (!swarm.isManager) return false;
    const nodes = await engine.nodes(inner).catch(() => []);
    return nodes.some(({ id, manager }) => id === swarm.nodeId && manager?.reachability === "reachable");
  });
}

/** Waits for the last task to go; with force, not longer than the time that a drain is given. */
async function idle(
  context: ClusterContext,
  { manager, node }: Pick<NodeAtHand, "manager" | "node">,
  { force }: Leniency,
  signal: AbortSignal,
): Promise<void> {
  await untilIdle(context.deps.clock, manager, node, signal).catch((error: unknown) => {
    if (signal.aborted || !isBeltError(error, "timeout")) throw error;
    if (!force)
      throw new BeltError("timeout", error.message, {
        hint: `${error.hint ?? ""} Nothing was removed, and the same command goes on; belt rm ${node.hostname} --force removes it all the same.`,
        cause: error,
      });
    emit(context, { event: "note", machine: node.hostname, message: `${error.message}; it goes all the same` });
  });
}

/** Waits until something is so. @throws BeltError `timeout` with the sentence `what`. */
export async function until(
  context: ClusterContext,
  what: string,
  signal: AbortSignal,
  isSo: (signal: AbortSignal) => Promise<boolean>,
): Promise<void> {
  await withDeadline({ ms: seenDeadlineMs, what }, context.deps.clock, signal, async (inner) => {
    while (!(await isSo(inner))) await context.deps.clock.sleep(pollMs, inner);
  });
}

/** A node as it is now: an update needs its latest version. */
export async function nodeNow(manager: Engine, node: SwarmNode, signal: AbortSignal): Promise<SwarmNode> {
  return (await manager.nodes(signal)).find(({ id }) => id === node.id) ?? node;
}

async function depart(
  context: ClusterContext,
  { manager, node, view }: NodeAtHand,
  signal: AbortSignal,
): Promise<void> {
  if (answers(view)) await (await reach(context, view.machine, signal)).engine.swarmLeave(false, signal);
  else
    await until(context, `${view.name} does not answer; the managers did not see it go down`, signal, async (inner) => {
      return (await nodeNow(manager, node, inner)).status === "down";
    });
  // A node that has left is seen as down only some heartbeats later; its own word for it is enough.
  await manager.removeNode(node.id, answers(view), signal);
}

async function judgeNow(
  context: ClusterContext,
  node: SwarmNode,
  { acceptNoSpare }: Leniency,
  signal: AbortSignal,
): Promise<void> {
  enforce(judgeNode("remove", node, await observe(context, true, signal)), acceptNoSpare);
}

function answers({ machine, node }: PresentView): boolean {
  return machine.state.kind === "running" && node?.status === "ready";
}
