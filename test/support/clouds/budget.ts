/** How many calls are allowed in how much time. */
export interface Budget {
  readonly limit: number;
  readonly windowMs: number;
}

/** What a budget says to a call. */
export interface Verdict {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the oldest call that counts is forgotten, in milliseconds. */
  readonly resetMs: number;
}

/** Calls within a window that slides along with time: each counts until it is as old as the window is long. */
export class SlidingWindow {
  readonly budget: Budget;
  #calls: number[] = [];

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** What a call would hear now, without counting it. */
  look(nowMs: number): Verdict {
    const { limit, windowMs } = this.budget;
    this.#calls = this.#calls.filter((atMs) => atMs > nowMs - windowMs);
    const [oldest = nowMs - windowMs] = this.#calls;
    const remaining = Math.max(0, limit - this.#calls.length);
    return { allowed: remaining > 0, limit, remaining, resetMs: oldest + windowMs - nowMs };
  }

  /** Counts a call. */
  count(nowMs: number): void {
    this.#calls.push(nowMs);
  }
}
