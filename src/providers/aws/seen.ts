import type { Clock } from "../../util/clock.ts";
import { type RetryPolicy, retry } from "../../util/retry.ts";
import { isNotFound } from "./codes.ts";

const policy: RetryPolicy = {
  ...{ attempts: 8, firstDelayMs: 1000, maxDelayMs: 8000, factor: 2, retryIf: isNotFound },
};

/**
 * Does something with things that EC2 made a moment ago: it may say for a while that it does not know them. Source: EC2's
 * developer guide, eventual consistency.
 */
export async function onceSeen<T>(clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return await retry(policy, { clock, random: () => 1 }, signal, work);
}
