import type { Engine, SwarmNode } from "../swarm/engine.ts";
import { mapBounded } from "../util/concurrency.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { type ClusterContext, machinesByName, reach } from "./context.ts";
import { removeMachines } from "./down.ts";
import { guardManagers } from "./guards.ts";
import { askSwarm, observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { type PresentView, pickViews } from "./pick.ts";
import type { Outcome } from "./types.ts";

/** How long a drained node may take to lose its last task. */
const drainDeadlineMs = 120_000;
/** How long a node that has left may take to be seen as down, before which a manager does not forget it. */
const downDeadlineMs = 60_000;
const pollMs = 500;
/** How many nodes leave at a time. */
const maxAtOnce = 8;

/**
 * Removes machines. A worker leaves the swarm first, in order: drain, wait until its tasks are gone, leave, be forgotten by
 * the managers; only then is the machine destroyed. Managers are guarded.
 */
export async function removeNamed(
  context: ClusterContext,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const observed = await observe(context, true, signal);
  const targets = pickViews(names, observed.machines);
  guardManagers("remove", targets, observed);
  const tally = new Tally(context);
  const all = observed.machines.filter(({ machine }) => machine !== undefined).length === targets.length;
  const leaving = targets.filter(({ node }) => node !== undefined && !all);
  const manager = leaving.length > 0 ? await speaker(context, signal) : undefined;
  await mapBounded(leaving, maxAtOnce, (view) =>
    tally.phase(view.name, "leave", () => leaveSwarm(context, view, manager, signal)),
  );
  signal.throwIfAborted();
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const ready = targets.filter(({ name }) => !failed.has(name)).map(({ machine }) => machine);
  await removeMachines(context, ready, tally, signal);
  return conclude(context, tally, ready, quoteCommand(["belt", "rm", compressNames([...failed])]));
}

async function speaker(context: ClusterContext, signal: AbortSignal): Promise<Engine> {
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  if (answer.kind === "answered") return answer.by.engine;
  throw new BeltError("swarm.no-leader", `no manager answers, so no node can leave in order: ${answer.why}`);
}

async function leaveSwarm(
  context: ClusterContext,
  { machine, node, name }: PresentView,
  manager: Engine | undefined,
  signal: AbortSignal,
): Promise<PhaseResult> {
  if (!node || !manager) return { effect: "unchanged" };
  return await context.journal.around("leave", name, async () => {
    await manager.updateNode(node, { availability: "drain" }, signal);
    await untilIdle(context, manager, node, signal);
    const answers = machine.state.kind === "running" && node.status === "ready";
    if (answers) await (await reach(context, machine, signal)).engine.swarmLeave(false, signal);
    else await untilDown(context, manager, node, signal);
    // A node that has left is seen as down only some heartbeats later; its own word for it is enough.
    await manager.removeNode(node.id, answers, signal);
    return { effect: "changed", detail: "drained and left the swarm" };
  });
}

async function untilIdle(
  context: ClusterContext,
  manager: Engine,
  node: SwarmNode,
  signal: AbortSignal,
): Promise<void> {
  let running = 0;
  const what = `${node.hostname} was drained and still has tasks; it did not lose them`;
  const deadline = {
    ms: drainDeadlineMs,
    what,
    hint: `See them with: belt docker node ps ${node.hostname}. Nothing was removed; \`belt rm\` goes on.`,
  };
  // A node that is down runs nothing, whatever the managers still have on record for it.
  if (node.status !== "ready") return;
  await withDeadline(deadline, context.deps.clock, signal, async (inner) => {
    do {
      running = await manager.runningTasks(node.id, inner);
      if (running > 0) await context.deps.clock.sleep(pollMs, inner);
    } while (running > 0);
  });
}

async function untilDown(
  context: ClusterContext,
  manager: Engine,
  node: SwarmNode,
  signal: AbortSignal,
): Promise<void> {
  const deadline = { ms: downDeadlineMs, what: `${node.hostname} left the swarm; the managers did not see it go` };
  await withDeadline(deadline, context.deps.clock, signal, async (inner) => {
    for (;;) {
      const now = (await manager.nodes(inner)).find(({ id }) => id === node.id);
      if (!now || now.status === "down") return;
      await context.deps.clock.sleep(pollMs, inner);
    }
  });
}
