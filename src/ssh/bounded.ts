import { type Deadline, withDeadline } from "../util/deadline.ts";
import type { Link } from "./link.ts";

/** The longest time that a timer of Node.js can wait; more means no deadline. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Runs `work` on a connection so that it settles when it is done, when its time is over, when the caller gives up, and when
 * the connection ends. The signal that it gets aborts in the last three cases.
 *
 * @throws BeltError `ssh.closed`, or the deadline's own code.
 */
export async function bounded<T>(
  link: Link,
  deadline: Deadline & { readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.any([deadline.signal, link.lost]);
  if (deadline.ms <= LONGEST_MS) return await withDeadline(deadline, link.clock, signal, work);
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const aborted = (): void => reject(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  try {
    return await Promise.race([work(signal), promise]);
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}
