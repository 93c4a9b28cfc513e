import { Mutex } from "./concurrency.ts";

/**
 * Work on things that come one by one and are dealt with together: what gathers while earlier ones are being dealt with goes
 * next, in one go. Whoever added something waits for the go that took it, and fails with it.
 */
export class Gathering<T> {
  readonly #deal: (things: readonly T[]) => Promise<void>;
  readonly #turn = new Mutex();
  #next: { readonly things: T[]; readonly dealt: Promise<void> } | undefined;

  /** @param deal is never called twice at a time, and always with one thing at least. */
  constructor(deal: (things: readonly T[]) => Promise<void>) {
    this.#deal = deal;
  }

  /** Resolves once these things were dealt with. They stay together, and in order. */
  add(things: readonly T[]): Promise<void> {
    if (things.length === 0) return Promise.resolve();
    this.#next ??= this.#gather();
    this.#next.things.push(...things);
    return this.#next.dealt;
  }

  #gather(): { readonly things: T[]; readonly dealt: Promise<void> } {
    const things: T[] = [];
    const dealt = this.#turn.run(async () => {
      this.#next = undefined;
      await this.#deal(things);
    });
    return { things, dealt };
  }
}
