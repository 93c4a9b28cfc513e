/** What a run of drills has come to so far. */
export interface Counts {
  /** Runs that a signal ended before they had ended by themselves. */
  kills: number;
  /** Commands that were run again after one or several kills. */
  runs: number;
  /** How many of those ended with 0 and left what they should. */
  firstTries: number;
  /** Machines or links that were cut beside a command. */
  disturbances: number;
  readonly refusals: string[];
  readonly failures: string[];
}

/** The figures at the end, and everything that went wrong. */
export function summaryOf(counts: Counts, seed: string): string {
  const { kills, runs, firstTries, disturbances, refusals, failures } = counts;
  return [
    `\nseed ${seed}: ${kills} kills, ${disturbances} disturbances; ${runs} commands run again, ${firstTries} done at the first try, ${refusals.length} refused, ${failures.length} failed`,
    ...refusals.map((text) => `refused: ${text}`),
    ...failures.map((text) => `FAILED: ${text}`),
  ].join("\n");
}
