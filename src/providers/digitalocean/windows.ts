import type { Window } from "../cloud/budget.ts";

/**
 * What a token may call: 250 times a minute and 5,000 times an hour; a little is left to others who use it.
 * Source: DigitalOcean's API reference, rate limits.
 */
export const tokenWindows: readonly Window[] = [
  { calls: 240, ms: 60_000 },
  { calls: 4900, ms: 3_600_000 },
];

/** Keys have a limit of their own: 10 calls in 60 seconds. */
export const keyWindows: readonly Window[] = [{ calls: 9, ms: 60_000 }];
