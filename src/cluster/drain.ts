import type { Engine, SwarmNode, SwarmTask } from "../swarm/engine.ts";
import type { Clock } from "../util/clock.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, isBeltError } from "../util/errors.ts";

/** How long a drained node may take to lose its last task. */
const deadlineMs = 120_000;
const pollMs = 250;

/**
 * Waits until a drained node has no task left. A node that is down runs nothing, whatever is still on record for it.
 *
 * @throws BeltError `timeout` that says which tasks are left, and why as far as it is known.
 */
export async function untilIdle(clock: Clock, manager: Engine, node: SwarmNode, signal: AbortSignal): Promise<void> {
  if (node.status !== "ready") return;
  let left: readonly SwarmTask[] = [];
  const deadline = { ms: deadlineMs, what: `${node.hostname} was drained and did not lose its tasks` };
  const waiting = withDeadline(deadline, clock, signal, async (inner) => {
    for (left = await manager.tasks(node.id, inner); left.length > 0; left = await manager.tasks(node.id, inner)) {
      await clock.sleep(pollMs, inner);
      const now = await manager.node(node.id, inner);
      if (!now || now.status === "down") return;
    }
  });
  await waiting.catch(async (error: unknown) => {
    if (signal.aborted || !isBeltError(error, "timeout")) throw error;
    const names = await serviceNames(manager, signal);
    const tasks = left.map((task) => `${names.get(task.serviceId) ?? task.serviceId} ${whyLeft(task)}`);
    throw new BeltError("timeout", `${error.message}: ${tasks.join("; ")}`, {
      hint: `More about them: belt docker node ps ${node.hostname}.`,
      cause: error,
    });
  });
}

/** The names of all services, by their ids. */
export async function serviceNames(manager: Engine, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  return new Map((await manager.services(signal)).map(({ id, name }) => [id, name]));
}

/** Where a task stands that does not go, and what is known of the reason. */
function whyLeft({ state, isEnding, error, stopGraceMs = 0 }: SwarmTask): string {
  const reasons = [
    isEnding ? "was told to stop" : "was not told to stop yet",
    ...(stopGraceMs >= deadlineMs ? [`its service gives it ${stopGraceMs / 1000} s for that`] : []),
    ...(error === "" ? [] : [error]),
  ];
  return `is ${state} (${reasons.join(", ")})`;
}
