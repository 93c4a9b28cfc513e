import type { Clock } from "../util/clock.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import type { Connect, Connection, Target } from "./connection.ts";

/** How long and how to wait for a machine. */
export interface WaitOptions {
  /** For all tries together, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** A number in [0, 1), so that many machines are not asked in step. */
  readonly random: () => number;
  /**
   * Try again also when the key is refused, since the first boot may not have put it there yet. Such tries are few and far
   * between: OpenSSH shuts out for a while who is refused too often (PerSourcePenalties in sshd_config(5)).
   */
  readonly retryAuth?: boolean;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;
const GROWTH = 1.3;
const REFUSED_PAUSE_MS = { first: 1000, longest: 5000, growth: 2 } as const;

/**
 * Connects to a machine that may still boot: at once, and again after short pauses that grow. What will not pass by waiting
 * (a wrong host key, a refused key, a sudo that wants a password) ends it at once.
 *
 * @throws BeltError the last real error when the time is over.
 */
export async function connectWithin(
  connect: Connect,
  target: Target,
  wait: WaitOptions,
  caller: AbortSignal,
): Promise<Connection> {
  const end = wait.clock.elapsed() + wait.deadlineMs;
  const over = new AbortController();
  const done = new AbortController();
  const signal = AbortSignal.any([caller, over.signal]);
  const afterRefusal = refusedPauses();
  let last: unknown;
  wait.clock.sleep(wait.deadlineMs, AbortSignal.any([caller, done.signal])).then(
    () => over.abort(last ?? timedOut(target, wait.deadlineMs)),
    () => {}, // done, or given up by the caller
  );
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * GROWTH)) {
      try {
        return await connect(target, signal);
      } catch (error) {
        if (signal.aborted || !passes(error, wait)) throw error;
        last = error;
      }
      const rest = end - wait.clock.elapsed();
      if (rest <= 0) throw last;
      const nextMs = isBeltError(last, "ssh.auth-refused") ? afterRefusal() : pauseMs;
      await wait.clock.sleep(Math.min(rest, nextMs * (0.75 + wait.random() / 2)), signal);
    }
  } finally {
    done.abort();
  }
}

function refusedPauses(): () => number {
  let pauseMs = REFUSED_PAUSE_MS.first / REFUSED_PAUSE_MS.growth;
  return () => {
    pauseMs = Math.min(REFUSED_PAUSE_MS.longest, pauseMs * REFUSED_PAUSE_MS.growth);
    return pauseMs;
  };
}

function passes(error: unknown, wait: WaitOptions): boolean {
  if (isBeltError(error, "ssh.auth-refused")) return wait.retryAuth === true;
  return isBeltError(error) && error.retryable;
}

function timedOut(target: Target, deadlineMs: number): BeltError {
  return new BeltError("ssh.unreachable", `${target.name} could not be reached within ${deadlineMs / 1000} s`, {
    hint: `See its console: belt console ${target.name}`,
    retryable: true,
  });
}
