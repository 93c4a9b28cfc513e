import type { Machine } from "../providers/provider.ts";
import { withDeadline } from "../util/deadline.ts";
import { askSwarm, type SwarmAnswer } from "./ask-swarm.ts";
import type { ClusterContext } from "./context.ts";

/** How long a command waits for a manager before it goes on without one: a swarm that does not answer is changed by nobody. */
const deadlineMs = 5000;

/**
 * Finds out, before anything is changed, whether somebody in another folder or on another host is changing this cluster. Gives
 * what a manager answered.
 *
 * @throws BeltError `guard.lock` that says who.
 */
export async function meetSwarm(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
): Promise<SwarmAnswer | undefined> {
  if (context.journal.state.swarmId === undefined) return undefined;
  const deadline = { ms: deadlineMs, what: "no manager answered" };
  const ask = (inner: AbortSignal): Promise<SwarmAnswer> => askSwarm(context, machines, inner);
  const answer = await withDeadline(deadline, context.deps.clock, signal, ask).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
  if (answer?.kind === "answered") await context.lock.meet(answer.by.engine, signal);
  return answer;
}
