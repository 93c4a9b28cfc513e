import type { Clock } from "../../../src/util/clock.ts";

/** When a thing happened, in milliseconds of the clock's `elapsed`. */
type Work = (atMs: number) => void;

/**
 * What happens by itself in a fake cloud as time goes by. Nothing waits and no timer runs: whoever looks at the cloud calls
 * {@link Agenda.catchUp} first, and all that is due happens then, in its order and at its own time.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #due: { readonly atMs: number; readonly order: number; readonly work: Work }[] = [];
  #again: Work[] = [];
  #order = 0;
  #nowMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time in the cloud: that of what happens just now, or the clock's. */
  nowMs(): number {
    return this.#nowMs ?? this.#clock.elapsed();
  }

  /** Puts something on the agenda, so many milliseconds from now. */
  after(ms: number, work: Work): void {
    this.#due.push({ atMs: this.nowMs() + ms, order: this.#order++, work });
  }

  /** Puts something on the agenda for the next time that somebody looks, whether the clock has moved or not. */
  again(work: Work): void {
    this.#again.push(work);
  }

  /** Lets all happen that is due, and what that brings about. */
  catchUp(): void {
    const untilMs = this.#clock.elapsed();
    const again = this.#again;
    this.#again = [];
    for (const work of again) work(untilMs);
    for (let next = this.#take(untilMs); next !== undefined; next = this.#take(untilMs)) {
      this.#nowMs = next.atMs;
      next.work(next.atMs);
    }
    this.#nowMs = undefined;
  }

  #take(untilMs: number) {
    let first: number | undefined;
    for (const [index, { atMs, order }] of this.#due.entries()) {
      const best = first === undefined ? undefined : this.#due[first];
      if (atMs <= untilMs && (!best || atMs < best.atMs || (atMs === best.atMs && order < best.order))) first = index;
    }
    return first === undefined ? undefined : this.#due.splice(first, 1)[0];
  }
}
