import type { Change } from "../../cluster/types.ts";
import { compressNames } from "../../util/ranges.ts";
import { table } from "../table.ts";

/** A plan for people: one row for each kind of change with the machines that it meets, then the counts. */
export function planText(changes: readonly Change[]): string {
  if (changes.length === 0) return "No changes: everything is as the file says.\n";
  const groups = new Map<string, { readonly change: Change; readonly machines: string[] }>();
  for (const change of changes) {
    const key = JSON.stringify([change.action, change.group, change.reason, change.risk]);
    const group = groups.get(key) ?? { change, machines: [] };
    group.machines.push(change.machine);
    groups.set(key, group);
  }
  const rows = [...groups.values()].map(({ change, machines }) => [
    change.action,
    compressNames(machines),
    String(machines.length),
    change.group,
    change.risk,
    change.reason,
  ]);
  return `${table(["ACTION", "MACHINES", "#", "GROUP", "RISK", "REASON"], rows)}${countsText(changes)}\n`;
}

/** A plan as the JSON document of `belt plan --json`, without its version. */
export function planJson(cluster: string, changes: readonly Change[]): Readonly<Record<string, unknown>> {
  return { cluster, changes, summary: countActions(changes) };
}

function countsText(changes: readonly Change[]): string {
  const counts = Object.entries(countActions(changes)).map(([action, number]) => `${number} to ${action}`);
  return `${counts.join(", ")}.`;
}

function countActions(changes: readonly Change[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { action } of changes) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}
