import { BeltError, isBeltError, messageOf } from "../util/errors.ts";

/** A machine, and the group that it counts for. */
export interface GroupMember {
  readonly name: string;
  readonly group: string;
}

/**
 * A circuit breaker for each group: once so many of its machines have failed for good, no more are begun in this command. What
 * is under way already goes on.
 */
export class Breaker {
  readonly #maxFailures: number;
  /** The first error of each machine that failed, by group. */
  readonly #failures = new Map<string, Map<string, unknown>>();

  constructor(maxFailures: number) {
    this.#maxFailures = maxFailures;
  }

  /** A machine has failed, and is not tried again; however often that is told, it counts once. */
  failed({ name, group }: GroupMember, error: unknown): void {
    // What was never begun, or was stopped by the user, has not failed.
    if (isBeltError(error, "guard.failures", "interrupted")) return;
    const failures = this.#failures.get(group) ?? new Map<string, unknown>();
    if (!failures.has(name)) failures.set(name, error);
    this.#failures.set(group, failures);
  }

  /** Why no more machines of a group may be begun, if so: says how many failed, and the first reason. */
  refusal(group: string): BeltError | undefined {
    const failures = this.#failures.get(group);
    if (failures === undefined || failures.size < this.#maxFailures) return undefined;
    const [first] = failures.values();
    const count = failures.size === 1 ? "1 machine" : `${failures.size} machines`;
    const have = failures.size === 1 ? "has" : "have";
    return new BeltError(
      "guard.failures",
      `not begun: ${count} of the group ${group} ${have} failed already, the first because ${messageOf(first)}`,
      {
        hint: `The same command goes on once that is put right. As many may fail as limits.maxFailures says: ${this.#maxFailures}.`,
      },
    );
  }
}
