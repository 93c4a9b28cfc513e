import type { Clock } from "./clock.ts";
import { BeltError, type ErrorCode } from "./errors.ts";

/** What ran out, for whom it matters, and which code says so. */
export interface Deadline {
  readonly ms: number;
  /** The beginning of the sentence "… within 30 s". */
  readonly what: string;
  readonly code?: ErrorCode;
  readonly hint?: string;
}

/**
 * Runs `work` with a signal that aborts when `signal` does or when the deadline passes, and settles then even if `work`
 * never does. Work that ends in time never sees its signal abort because of the deadline.
 *
 * @throws BeltError `timeout`, or the deadline's own code, when the time is over, whatever `work` then says.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = tooLate(deadline);
  const expiry = new AbortController();
  const done = new AbortController();
  const alarm = clock.sleep(deadline.ms, AbortSignal.any([signal, done.signal])).then(() => {
    throw over;
  });
  try {
    return await Promise.race([work(AbortSignal.any([signal, expiry.signal])), alarm]);
  } catch (error) {
    if (error === over) expiry.abort(over); // only now, so that what the work says to it comes second
    throw error;
  } finally {
    done.abort(over);
    alarm.catch(() => {});
  }
}

function tooLate(deadline: Deadline): BeltError {
  return new BeltError(deadline.code ?? "timeout", `${deadline.what} within ${seconds(deadline.ms)}`, {
    retryable: true,
    ...(deadline.hint === undefined ? {} : { hint: deadline.hint }),
  });
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
