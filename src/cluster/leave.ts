import type { Engine, SwarmNode } from "../swarm/engine.ts";
import { election, mayPass } from "../swarm/managers.ts";
import { isManager, isMember } from "../swarm/members.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import { retry } from "../util/retry.ts";
import { askSwarm } from "./ask-swarm.ts";
import { type ClusterContext, emit, machinesByName, reach } from "./context.ts";
import { guardData } from "./data-guard.ts";
import { untilIdle } from "./drain.ts";
import { enforce, judgeNode } from "./guards.ts";
import { askOwn, type OwnWord } from "./identity.ts";
import type { Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import { availabilityLabel } from "./owned-labels.ts";
import type { PhaseResult } from "./phases.ts";
import type { PresentView } from "./pick.ts";

/** How long a change of a node may take to be seen by everybody whom it concerns. */
const seenDeadlineMs = 60_000;
/** How long the vote of a demotion that was cut off may take to go by itself. */
const halfWayDeadlineMs = 15_000;
/** A manager that a swarm formed anew has cut off gives itself up and joins again after two pauses of 16 s. */
const rejoinDeadlineMs = 60_000;
const pollMs = 250;

/** A manager's engine that is not the one of `except` (a name, or nothing): a manager cannot act on the swarm it is leaving. */
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
 * Takes one machine out of the swarm, in the one order that hurts nobody: drain, wait until no task is left, demote a manager and
 * wait until that is seen, leave, be forgotten. What the machine's own engine says counts, not what the list of nodes still
 * says: a machine that has left already is only forgotten. The guards are asked again with what is known now.
 *
 * @throws BeltError `guard.*`, `timeout` that says what it waited for; what was done stays done, and the same command goes on.
 */
export async function leaveSwarm(
  context: ClusterContext,
  view: PresentView,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { node, former = [] } = view;
  const word = node && (await askOwn(context, view.machine, signal));
  const isOut = node && word && !isSilent(word) && !isNode(word, node);
  const behind = isOut ? [node, ...former] : former;
  if (behind.length === 0 && !node) return { effect: "unchanged", detail: "is in no swarm" };
  for (const one of node ? [node, ...former] : former)
    if (isMember(one)) await judgeNow(context, one, leniency, signal);
  const manager = await speakerExcept(context, view.name, signal);
  for (const one of behind) await forgetFormer(context, { manager, node: one, view }, signal);
  if (!node || isOut) return { effect: "changed", detail: "had left the swarm; its node is forgotten" };
  return await leaveAlive(context, { manager, node: await nodeNow(manager, node, signal), view }, leniency, signal);
}

/** One node, the machine that it is, and a manager to ask. */
export interface NodeAtHand {
  readonly manager: Engine;
  readonly node: SwarmNode;
  readonly view: PresentView;
}

async function leaveAlive(
  context: ClusterContext,
  at: NodeAtHand,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { manager, node, view } = at;
  if (!leniency.moveLocalVolumes && context.spec.drain.localVolumes === "keep") await guardData(manager, node, signal);
  return await context.journal.around("leave", view.name, async () => {
    // Remembered as what was asked for last: who takes the machine back into the file gets it active again.
    const labels = { ...node.labels, [availabilityLabel]: "drain" };
    await manager.updateNode(node, { availability: "drain", labels }, signal);
    if (isOn(view)) await idle(context, { manager, node }, leniency, signal);
    // One that is called a manager and has no vote has nothing to be demoted from.
    if (isManager(node) && isMember(await settled(context, at, signal))) {
      await judgeNow(context, node, leniency, signal); // another one may have failed in the meantime
      await demote(context, at, signal);
    }
    await depart(context, at, signal);
    return { effect: "changed", detail: "drained and left the swarm" };
  });
}

/** Takes a node that its machine is no more off the list. */
async function forgetFormer(
  context: ClusterContext,
  { manager, node, view }: NodeAtHand,
  signal: AbortSignal,
): Promise<void> {
  const now = await manager.node(node.id, signal);
  if (!now) return;
  const forget = () => forgetNode(context, { manager, node: now, name: view.name }, signal);
  await context.journal.around("leave", view.name, forget);
}

/** A node as which nobody runs any more, what people call it, and a manager to ask. */
interface DeadNode {
  readonly manager: Engine;
  readonly node: SwarmNode;
  readonly name: string;
}

/** Takes a dead node off the list; one that is a member of Raft is demoted first, or it would count against the majority. */
export async function forgetNode(
  context: ClusterContext,
  { manager, node, name }: DeadNode,
  signal: AbortSignal,
): Promise<void> {
  if (isMember(node)) await makeWorker(context, { manager, node, name }, signal);
  await takeOff(context, { manager, node }, signal);
}

/** Makes a manager a worker, and waits until the others and its own engine know: a promotion or a leave before that fails. */
export async function demote(context: ClusterContext, at: NodeAtHand, signal: AbortSignal): Promise<void> {
  const { manager, node, view } = at;
  const isAlive = isNode(await askOwn(context, view.machine, signal), node);
  if (isAlive && node.role === "manager") await settled(context, at, signal);
  await makeWorker(context, { manager, node, name: view.name }, signal);
  if (isAlive) await untilWorker(context, view, signal);
}

/** Waits until a machine's own engine is no manager, and gives that engine. The managers know of a demotion a little earlier. */
async function untilWorker(context: ClusterContext, view: PresentView, signal: AbortSignal): Promise<Engine> {
  const { engine } = await reach(context, view.machine, signal);
  await until(context, `${view.name} was demoted; its own engine did not see it`, signal, async (inner) => {
    const { swarm } = await engine.info(inner);
    return !swarm.isManager;
  });
  return engine;
}

async function makeWorker(
  context: ClusterContext,
  { manager, node, name }: DeadNode,
  signal: AbortSignal,
): Promise<void> {
  const isOne = async (inner: AbortSignal): Promise<boolean> => {
    const seen = await manager.node(node.id, inner);
    return !seen || (seen.role === "worker" && !isMember(seen));
  };
  const what = `${name} was demoted; the managers did not see it`;
  const now = await nodeNow(manager, node, signal);
  if (now.role === "worker" && isMember(now)) {
    // A demotion that was cut off may have left the vote behind for good: it goes with a promotion and another demotion.
    const went = await until(context, what, signal, isOne, halfWayDeadlineMs).then(
      () => true,
      (error: unknown) => {
        if (signal.aborted || !isBeltError(error, "timeout")) throw error;
        return false;
      },
    );
    if (went) return;
    await manager.updateNode(await nodeNow(manager, node, signal), { role: "manager" }, signal);
  }
  const last = await nodeNow(manager, node, signal);
  if (last.role === "manager") await manager.updateNode(last, { role: "worker" }, signal);
  await until(context, what, signal, isOne);
}

/** A manager as it is once it is wholly one. One that is no member is given some time to become one. */
export async function settled(
  context: ClusterContext,
  { manager, node, view }: NodeAtHand,
  signal: AbortSignal,
): Promise<SwarmNode> {
  if (!isNode(await askOwn(context, view.machine, signal), node)) return node;
  const deadlineMs = isMember(node) ? seenDeadlineMs : rejoinDeadlineMs;
  if (!isMember(node)) {
    const message = "is called a manager and has no vote: waiting until its engine joins the managers";
    emit(context, { event: "note", machine: view.name, message });
  }
  await untilItLeads(context, view, signal, deadlineMs).catch((error: unknown) => {
    if (signal.aborted || isMember(node) || !isBeltError(error, "timeout")) throw error;
  });
  return await nodeNow(manager, node, signal);
}

/**
 * Waits until a manager's own engine speaks for the swarm. One that is demoted before it has wholly become a manager may
 * come back as a voter that nobody hears.
 */
export async function untilItLeads(
  context: ClusterContext,
  view: PresentView,
  signal: AbortSignal,
  deadlineMs = seenDeadlineMs,
): Promise<void> {
  const { engine } = await reach(context, view.machine, signal);
  const what = `${view.name} is to be a manager; its own engine did not become one`;
  const leads = async (inner: AbortSignal): Promise<boolean> => {
    const { swarm } = await engine.info(inner);
    if (!swarm.isManager) return false;
    const nodes = await engine.nodes(inner).catch(() => []);
    return nodes.some(({ id, manager }) => id === swarm.nodeId && manager?.reachability === "reachable");
  };
  await until(context, what, signal, leads, deadlineMs);
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

/**
 * Waits until something is so; a manager that cannot answer while a new leader is elected is asked again.
 *
 * @throws BeltError `timeout` with the sentence `what`.
 */
export async function until(
  context: ClusterContext,
  what: string,
  signal: AbortSignal,
  isSo: (signal: AbortSignal) => Promise<boolean>,
  deadlineMs = seenDeadlineMs,
): Promise<void> {
  await withDeadline({ ms: deadlineMs, what }, context.deps.clock, signal, async (inner) => {
    const isSoNow = (): Promise<boolean> =>
      isSo(inner).catch((error: unknown) => {
        if (inner.aborted || !mayPass(error)) throw error;
        return false;
      });
    while (!(await isSoNow())) await context.deps.clock.sleep(pollMs, inner);
  });
}

/** A node as it is now: an update needs its latest version. */
export async function nodeNow(manager: Engine, node: SwarmNode, signal: AbortSignal): Promise<SwarmNode> {
  return (await manager.node(node.id, signal)) ?? node;
}

/** The node leaves by itself where its machine can; a machine that is off is gone by its provider's word, any other by the managers'. */
async function depart(
  context: ClusterContext,
  { manager, node, view }: NodeAtHand,
  signal: AbortSignal,
): Promise<void> {
  const word = await askOwn(context, view.machine, signal);
  if (isNode(word, node)) await (await untilWorker(context, view, signal)).swarmLeave(false, signal);
  else if (isSilent(word) && isOn(view))
    await until(context, `${view.name} does not answer; the managers did not see it go down`, signal, async (inner) => {
      return (await nodeNow(manager, node, inner)).status === "down";
    });
  // A node that has left is seen as down only some heartbeats later; its own word for it is enough.
  await takeOff(context, { manager, node }, signal);
}

/** After the leader's own demotion nobody can take a node off the list until there is another one. */
async function takeOff(
  { deps: { clock, random } }: ClusterContext,
  { manager, node }: Pick<NodeAtHand, "manager" | "node">,
  signal: AbortSignal,
): Promise<void> {
  await retry(election, { clock, random }, signal, () => manager.removeNode(node.id, true, signal));
}

async function judgeNow(
  context: ClusterContext,
  node: SwarmNode,
  { acceptNoSpare }: Leniency,
  signal: AbortSignal,
): Promise<void> {
  enforce(judgeNode("remove", node, await observe(context, true, signal)), acceptNoSpare);
}

function isOn({ machine }: PresentView): boolean {
  return machine.state.kind === "running";
}

function isSilent(word: OwnWord): boolean {
  return word.kind === "silent";
}

function isNode(word: OwnWord, { id }: SwarmNode): boolean {
  return word.kind === "node" && word.nodeId === id;
}
