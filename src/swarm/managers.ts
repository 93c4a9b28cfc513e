import { BeltError, type ErrorCode, isBeltError, messageOf } from "../util/errors.ts";
import type { RetryPolicy } from "../util/retry.ts";
import type { Engine } from "./engine.ts";

/** What says that this manager cannot answer now, while another one may. */
const silent: readonly ErrorCode[] = [
  "engine.unreachable",
  "ssh.unreachable",
  "ssh.closed",
  "ssh.deadline",
  "swarm.no-leader",
  "swarm.locked",
  "timeout",
];

/** Whether an error may pass without anybody's doing: an election under way, an engine that restarts. */
export function mayPass(error: unknown): error is BeltError {
  return isBeltError(error, ...silent) || (isBeltError(error) && error.retryable);
}

/** How long to try again while managers elect a leader, as after they were powered on, or after the leader was demoted. */
export const election: RetryPolicy = {
  ...{ attempts: 25, firstDelayMs: 500, maxDelayMs: 2_000, factor: 1.3 },
  retryIf: mayPass,
};

/**
 * Asks the managers in turn until one answers; what that one says counts, even if it is an error.
 *
 * @throws BeltError `swarm.no-leader` when none answers, saying what each said.
 */
export async function askManagers<T>(
  managers: readonly Engine[],
  signal: AbortSignal,
  ask: (manager: Engine) => Promise<T>,
): Promise<T> {
  const failures: Error[] = [];
  for (const manager of managers) {
    try {
      return await ask(manager);
    } catch (error) {
      if (signal.aborted || !isBeltError(error, ...silent)) throw error;
      failures.push(error);
    }
  }
  const [only] = failures;
  if (failures.length === 1 && only !== undefined) throw only;
  const said = failures.map(messageOf).join("; ");
  throw new BeltError("swarm.no-leader", `no manager of the swarm answers: ${said || "none is known"}`, {
    hint: "More than half of the managers must run; belt status shows them.",
    retryable: true,
    cause: new AggregateError(failures, "every manager failed"),
  });
}
