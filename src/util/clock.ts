import { setTimeout as delay } from "node:timers/promises";

/** Time as a dependency, so that tests can run it forward. All values are in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch, for records. */
  now(): number;
  /** Milliseconds on a scale that never jumps, for durations. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The longest that a timer of Node can wait, about 24.8 days; a longer one would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's own clock. A sleep of more than 24.8 days ends then. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    signal.throwIfAborted();
    try {
      await delay(Math.min(ms, LONGEST_MS), undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
