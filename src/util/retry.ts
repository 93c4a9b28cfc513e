import type { Clock } from "./clock.ts";
import { isBeltError } from "./errors.ts";

/** How often, how fast and for how long to try: always bounded. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Multiplies the delay after each attempt. */
  readonly factor: number;
  /** Decides whether an error is worth another attempt; by default what BeltError calls retryable. */
  readonly retryIf?: (error: unknown) => boolean;
}

/** What a retry needs from outside. */
export interface RetryContext {
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
}

/** Runs `operation` until it succeeds or the policy is used up; the last real error always surfaces. */
export async function retry<T>(
  policy: RetryPolicy,
  context: RetryContext,
  signal: AbortSignal,
  operation: (attempt: number) => Promise<T>,
): Promise<T> {
  const worthwhile = policy.retryIf ?? ((error) => isBeltError(error) && error.retryable);
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      if (signal.aborted || attempt >= policy.attempts || !worthwhile(error)) throw error;
      const delayMs = jittered(policy, attempt, context.random());
      context.onRetry?.(error, attempt, delayMs);
      await context.clock.sleep(delayMs, signal);
    }
  }
}

function jittered(policy: RetryPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * policy.factor ** (attempt - 1));
  return Math.round(full * (0.5 + random / 2));
}
