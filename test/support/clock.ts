import type { Clock } from "../../src/util/clock.ts";

interface Sleeper {
  readonly due: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Time that moves only when a test says so. `now()` starts at 2026-01-01T00:00:00Z unless told otherwise and
 * `elapsed()` at 0; both are in milliseconds.
 */
export class FakeClock implements Clock {
  /** Every `sleep` that was asked for, in milliseconds, in order. */
  readonly slept: number[] = [];
  readonly #startMs: number;
  readonly #settle: () => Promise<void>;
  readonly #sleepers = new Set<Sleeper>();
  #elapsedMs = 0;
  #order = 0;

  /** `settle` lets everything that is ready run to where it waits for the clock; give another one if work waits for a network, too. */
  constructor(startMs = Date.UTC(2026, 0, 1), settle = settleTurns) {
    this.#startMs = startMs;
    this.#settle = settle;
  }

  /** How many sleeps are under way. */
  get waiting(): number {
    return this.#sleepers.size;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.slept.push(ms);
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      };
      const wake = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper: Sleeper = { due: this.#elapsedMs + Math.max(0, ms), order: this.#order++, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Runs time forward by `ms`: every sleep that ends within it ends in its turn, and what it wakes runs before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsedMs + ms;
    await this.#settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#wake(next);
      await this.#settle();
    }
    this.#elapsedMs = end;
  }

  /** Runs time forward from sleep to sleep until `work` settles, and settles like it. Fails when nothing sleeps any more. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => {});
    await this.#settle();
    while (!settled) {
      const next = this.#next(Number.POSITIVE_INFINITY);
      if (next === undefined) throw new Error("the work under test waits for something other than the clock");
      this.#wake(next);
      await this.#settle();
    }
    return done;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    this.#elapsedMs = Math.max(this.#elapsedMs, sleeper.due);
    sleeper.wake();
  }

  #next(end: number): Sleeper | undefined {
    const due = [...this.#sleepers].filter((sleeper) => sleeper.due <= end);
    return due.sort((a, b) => a.due - b.due || a.order - b.order)[0];
  }
}

/** Lets everything that is ready run: promise jobs, and what waits for the event loop's next turn. */
async function settleTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
