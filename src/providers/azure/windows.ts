import type { Window } from "../cloud/budget.ts";

/**
 * What a subscription may call: buckets of 200 writes and 200 deletes that refill with 10 a second, and of 250 reads with 25.
 * A window that is as long as a bucket takes to fill never empties one; a little is left to others.
 * Source: Azure's documentation, "Understand how Azure Resource Manager throttles requests".
 */
export const windows: Readonly<Record<CallKind, readonly Window[]>> = {
  read: [{ calls: 240, ms: 10_000 }],
  write: [{ calls: 190, ms: 20_000 }],
  delete: [{ calls: 190, ms: 20_000 }],
};

/** What a call counts as. */
export type CallKind = "read" | "write" | "delete";
