import { BeltError, messageOf } from "../util/errors.ts";

/**
 * A circuit breaker for each group: once so many of its machines have failed for good, no more are begun in this command. What
 * is under way already goes on.
 */
export class Breaker {
  readonly #maxFailures: number;
  readonly #failures = new Map<string, unknown[]>();

  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures;
  }

  /** A machine of the group has failed, and is not tried again. */
  failed(group: string, error: unknown): void {
    this.#failures.set(group, [...(this.#failures.get(group) ?? []), error]);
  }

  /** Why no more machines of a group may be begun, if so: says how many failed, and the first reason. */
  refusal(group: string): BeltError | undefined {
    const errors = this.#failures.get(group) ?? [];
    if (errors.length < this.#maxFailures) return undefined;
    const first = messageOf(errors[0]);
    return new BeltError(
      "guard.failures",
      `not begun: ${errors.length} machines of the group ${group} have failed already, the first because ${first}`,
      { hint: "The same command goes on once that is put right; limits.maxFailures says how many may fail." },
    );
  }
}
