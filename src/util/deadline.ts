import type { Clock } from "./clock.ts";
import { BeltError, type ErrorCode } from "./errors.ts";

/** What ran out, for whom it matters, and which code says so. */
export interface Deadline {
  readonly ms: number;
  /** The end of the sentence "… within 30 s". */
  readonly what: string;
  readonly code?: ErrorCode;
  readonly hint?: string;
}

/**
 * Runs `work` with a signal that aborts when `signal` does or when the deadline passes, and settles then even if `work`
 * never does.
 *
 * @throws BeltError `timeout`, or the deadline's own code, when the time is over.
 */
export async function withDeadline<T>(
  deadline: Deadline,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const inner = new AbortController();
  const combined = AbortSignal.any([signal, inner.signal]);
  const timer = clock.sleep(deadline.ms, combined).then(
    () => {
      const error = new BeltError(deadline.code ?? "timeout", `${deadline.what} within ${seconds(deadline.ms)}`, {
        retryable: true,
        ...(deadline.hint === undefined ? {} : { hint: deadline.hint }),
      });
      inner.abort(error);
      throw error;
    },
    () => combined.throwIfAborted() as never,
  );
  try {
    return await Promise.race([work(combined), timer]);
  } finally {
    inner.abort(new BeltError("internal", "the deadline is no longer needed"));
    timer.catch(() => {});
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
