import type { Outcome } from "../cluster/types.ts";
import { BeltError } from "../util/errors.ts";

/** What the shell gets: the table of exit codes that the documentation promises. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** The user was asked and did not agree. */
  declined: 1,
  usage: 2,
  partial: 3,
  guard: 4,
  provider: 5,
  unhealthy: 6,
  changes: 10,
  interrupted: 130,
  connection: 255,
} as const;

/** The exit code of anything thrown: the part of the code before the dot decides. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof AggregateError) return shared(error.errors);
  if (!(error instanceof BeltError)) return exitCodes.failed;
  switch (error.code.split(".")[0]) {
    case "usage":
    case "spec":
      return exitCodes.usage;
    case "guard":
    case "firewall":
      return exitCodes.guard;
    case "provider":
      return exitCodes.provider;
    case "partial":
      return exitCodes.partial;
    case "interrupted":
      return exitCodes.interrupted;
    default:
      return exitCodes.failed;
  }
}

/** The exit code of work that ended without throwing. */
export function exitCodeOfOutcome(outcome: Outcome): number {
  switch (outcome.kind) {
    case "done":
    case "unchanged":
      return exitCodes.done;
    case "partial":
      return exitCodes.partial;
    case "failed":
      return shared(outcome.failures.map((failure) => failure.error));
  }
}

/** Many errors have a code of their own only where they agree on it. */
function shared(errors: readonly unknown[]): number {
  const distinct = new Set(errors.map(exitCodeOf));
  const [only] = distinct;
  return distinct.size === 1 && only !== undefined ? only : exitCodes.failed;
}
