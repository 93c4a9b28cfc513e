import type { FanOutOutcome } from "./fan-out.ts";

/** What several machines answered alike. */
export interface OutputGroup {
  /** The machines, in the order in which they were given. */
  readonly names: readonly string[];
  readonly outcome: FanOutOutcome;
}

/**
 * Puts machines with the same exit code and the same output together, in the order of their first machine. Each machine that
 * failed stays alone, since its error speaks of itself.
 */
export function groupOutputs(outcomes: readonly FanOutOutcome[]): readonly OutputGroup[] {
  const groups = Map.groupBy(outcomes, likeness);
  return [...groups.values()].flatMap((alike) => {
    const [first] = alike;
    return first ? [{ names: alike.map((outcome) => outcome.name), outcome: first }] : [];
  });
}

function likeness(outcome: FanOutOutcome): string {
  return JSON.stringify(
    outcome.kind === "ended" ? [outcome.code, outcome.stdout, outcome.stderr] : ["failed", outcome.name],
  );
}
