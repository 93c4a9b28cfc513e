import type { Call } from "./call.ts";
import type { Ledger } from "./ledger.ts";

/** How many calls that change something were granted, of each operation. */
export function changesIn({ entries }: Ledger): Readonly<Record<string, number>> {
  const granted = entries.filter(({ call, reply }) => !isLook(call) && (reply?.status ?? 500) < 300);
  const byOperation = Map.groupBy(granted, ({ call }) => call.operation);
  return Object.fromEntries([...byOperation].map(([operation, some]) => [operation, some.length]));
}

function isLook({ method, operation }: Call): boolean {
  return method === "GET" || operation.startsWith("Describe");
}

/** Calls beside the fewest that the documented API allows, as lines of a table; what has no such number is a look or a poll. */
export function besideLeast(ledger: Ledger, least: Readonly<Record<string, number>>): string {
  const lines = Object.entries(ledger.counts()).map(([operation, count]) => {
    const fewest = least[operation];
    return `  ${operation.padEnd(40)}${String(count).padStart(5)}   ${fewest === undefined ? "looks and polls" : `of at least ${fewest}`}`;
  });
  return `${lines.sort().join("\n")}\n`;
}
