import { amount, type Price } from "../../cluster/price.ts";
import { healthLine, isHealthy } from "../../cluster/swarm-health.ts";
import type { Change, Finding, Plan } from "../../cluster/types.ts";
import { compressNames } from "../../util/ranges.ts";
import { table } from "../table.ts";

/** A plan for people: one row for each kind of change with the machines that it meets, the counts, then what does not fit. */
export function planText({ changes, findings, prices, swarm }: Omit<Plan, "disturbs">): string {
  const line = isHealthy(swarm) ? undefined : healthLine(swarm);
  const unknown = swarm.kind !== "none" && swarm.kind !== "healthy" && swarm.kind !== "degraded";
  const nothing = unknown
    ? "No changes are known: the swarm could not be asked.\n"
    : "No changes: everything is as the file says.\n";
  const parts = [
    line === undefined ? undefined : `${line}\n`,
    changes.length === 0 ? nothing : changesText(changes),
    findings.length === 0 ? undefined : findingsText(findings),
    prices.length === 0 ? undefined : prices.map(priceText).join(""),
  ];
  return parts.filter((part) => part !== undefined).join("\n");
}

/** A plan as the JSON document of `belt plan --json`, without its version. */
export function planJson(
  cluster: string,
  { changes, findings, prices, swarmError, swarm }: Plan,
): Readonly<Record<string, unknown>> {
  return { cluster, changes, findings, prices, swarm, swarmError: swarmError ?? null, summary: countActions(changes) };
}

/** Providers count a month as 730 hours. */
function priceText({ currency, hourly, unknown }: Price): string {
  const more = unknown.length === 0 ? "" : `, and what ${compressNames(unknown)} costs`;
  return `All machines of the file: ${amount(hourly)} ${currency} an hour, about ${Math.round(hourly * 730)} ${currency} a month${more}.\n`;
}

/** What does not fit between the file, the machines and the swarm, each with one way to mend it. */
export function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ kind, name, what, fix }) => [kind.toUpperCase(), name, what, fix]);
  return table(["CLASS", "NAME", "WHAT", "FIX"], rows);
}

function changesText(changes: readonly Change[]): string {
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

function countsText(changes: readonly Change[]): string {
  const counts = Object.entries(countActions(changes)).map(([action, number]) => `${number} to ${action}`);
  return `${counts.join(", ")}.`;
}

function countActions(changes: readonly Change[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { action } of changes) counts[action] = (counts[action] ?? 0) + 1;
  return counts;
}
