import type { Clock } from "../../src/util/clock.ts";

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * Virtual time that runs by itself: as soon as nothing but the clock is waited for, it jumps to the end of the next sleep. What
 * counts as nothing: no file is read or written, and the event loop had some idle turns.
 */
export class JumpingClock implements Clock {
  readonly #startMs: number;
  readonly #sleepers = new Set<Sleeper>();
  #elapsedMs = 0;
  #isJumping = false;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const end = (settle: () => void) => () => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const onAbort = end(() => reject(signal.reason));
      const sleeper = { due: this.#elapsedMs + Math.max(0, ms), wake: end(resolve) };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", onAbort);
      if (!this.#isJumping) void this.#jump();
    });
  }

  async #jump(): Promise<void> {
    this.#isJumping = true;
    while (this.#sleepers.size > 0) {
      await idle();
      const [next] = [...this.#sleepers].sort((left, right) => left.due - right.due);
      if (!next) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, next.due);
      next.wake();
    }
    this.#isJumping = false;
  }
}

const idleTurns = 12;
const busy = /^(FSReq|FileHandle|CloseReq)/;

async function idle(): Promise<void> {
  for (let turns = 0; turns < idleTurns; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!process.getActiveResourcesInfo().some((one) => busy.test(one))) continue;
    turns = -1;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
