import type { Ledger } from "../ledger.ts";

/** How many calls there were of each operation that changes something. */
export function changesIn(ledger: Ledger): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(ledger.counts()).filter(([operation]) => !operation.startsWith("GET ")));
}

/** Calls beside the fewest that the documented API allows, as lines of a table; what has no such number is a look or a poll. */
export function besideLeast(ledger: Ledger, least: Readonly<Record<string, number>>): string {
  const lines = Object.entries(ledger.counts()).map(([operation, count]) => {
    const fewest = least[operation];
    return `  ${operation.padEnd(40)}${String(count).padStart(5)}   ${fewest === undefined ? "looks" : `of at least ${fewest}`}`;
  });
  return `${lines.sort().join("\n")}\n`;
}
