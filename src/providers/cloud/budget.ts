import type { Clock } from "../../util/clock.ts";
import { Mutex } from "../../util/concurrency.ts";

/** At most so many calls in any stretch of so many milliseconds. */
export interface Window {
  readonly calls: number;
  readonly ms: number;
}

/** Lets calls go out only as fast as they are allowed to; who is too early waits, in the order of asking. */
export class Budget {
  readonly #windows: readonly Window[];
  readonly #clock: Clock;
  readonly #turn = new Mutex();
  /** When each of the last calls went out, oldest first. */
  #sent: number[] = [];
  #heldUntil = 0;

  constructor(windows: readonly Window[], clock: Clock) {
    this.#windows = windows;
    this.#clock = clock;
  }

  /** Waits for a place for one more call. Resolves with the milliseconds still to wait where those are more than `mostMs`. */
  async take(mostMs: number, signal: AbortSignal): Promise<number> {
    return await this.#turn.run(async () => {
      for (;;) {
        signal.throwIfAborted();
        const waitMs = this.#waitMs();
        if (waitMs > mostMs) return waitMs;
        if (waitMs > 0) {
          await this.#clock.sleep(waitMs, signal);
          continue;
        }
        this.#sent.push(this.#clock.elapsed());
        return 0;
      }
    });
  }

  /** Nothing goes out for this long: the API said so. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#clock.elapsed() + ms);
  }

  #waitMs(): number {
    const now = this.#clock.elapsed();
    const longest = Math.max(...this.#windows.map(({ ms }) => ms));
    this.#sent = this.#sent.filter((at) => at > now - longest);
    const waits = this.#windows.map(({ calls, ms }) => {
      const blocking = this.#sent.at(-calls);
      return blocking === undefined ? 0 : blocking + ms - now;
    });
    return Math.max(0, this.#heldUntil - now, ...waits);
  }
}
