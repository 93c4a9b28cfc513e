import { phases } from "../../cluster/events.ts";
import type { Outcome } from "../../cluster/types.ts";
import type { Machine } from "../../providers/provider.ts";
import type { BeltError } from "../../util/errors.ts";
import { naturalCompare } from "../../util/natural-compare.ts";
import { compressNames } from "../../util/ranges.ts";
import { forCluster } from "../for-cluster.ts";
import type { Paint } from "../paint.ts";
import { type ErrorStyle, renderError } from "../render-error.ts";
import { table } from "../table.ts";
import { durationText } from "../units.ts";

/** The sentences that a command's summary begins with. */
export interface SummaryWords {
  /** When something was done: "Cluster shop is up". */
  readonly done: string;
  /** When there was nothing to do: "Nothing changed: cluster shop is as its file says". */
  readonly unchanged: string;
  /** Show the machines with their addresses, and how long each phase took. */
  readonly detailed: boolean;
  /** The command to type next when all went well. */
  readonly next?: string;
}

/** How many machines a summary lists; more are left to `belt ls`. */
const listedMachines = 12;

/** The result of work: how it ended, addresses, the time of each phase, and the next command to type. Empty if all failed. */
export function renderSummary(outcome: Outcome, words: SummaryWords, paint: Paint, cluster?: string): string {
  if (outcome.kind === "failed") return "";
  const lines = [headline(outcome, words, paint)];
  if (words.detailed && outcome.kind !== "unchanged")
    lines.push(...machineLines(outcome.machines), ...phaseLine(outcome));
  const next = outcome.next ?? words.next;
  if (outcome.kind !== "partial" && next) lines.push(`Next: ${forCluster(next, cluster)}`);
  return `${lines.join("\n")}\n`;
}

/** What failed, each distinct failure once with the machines that it met, and the command that goes on. Empty if nothing failed. */
export function renderFailures(outcome: Outcome, style: ErrorStyle): string {
  if (outcome.failures.length === 0) return "";
  const groups = new Map<string, { readonly machines: string[]; readonly error: BeltError }>();
  for (const { machine, error } of outcome.failures) {
    const key = `${error.code} ${error.message.replaceAll(machine, "")}`;
    const group = groups.get(key) ?? { machines: [], error };
    group.machines.push(machine);
    groups.set(key, group);
  }
  const shown = [...groups.values()].map(({ machines, error }) => failureText(machines, error, style));
  const next = outcome.next ? `${style.paint("cyan", "then:")} ${forCluster(outcome.next, style.cluster)}\n` : "";
  return `${shown.join("")}${next}`;
}

function failureText(machines: readonly string[], error: BeltError, style: ErrorStyle): string {
  const text = renderError(error, style);
  const [only] = machines;
  if (machines.length === 1 && only !== undefined && error.message.includes(only)) return text;
  return `${style.paint("bold", `${compressNames(machines)}:`)}\n${text}`;
}

function headline(outcome: Outcome, words: SummaryWords, paint: Paint): string {
  const time = durationText(outcome.durationMs);
  if (outcome.kind === "unchanged") return `${words.unchanged} (${time}).`;
  if (outcome.kind === "done") return `${paint("green", words.done)} (${time}).`;
  const left = compressNames(outcome.failures.map((failure) => failure.machine));
  return `${paint("yellow", "Partly done")} (${time}). Still to do: ${left}`;
}

function machineLines(machines: readonly Machine[]): string[] {
  if (machines.length === 0) return [];
  const sorted = [...machines].sort((a, b) => naturalCompare(a.name, b.name));
  const rows = sorted
    .slice(0, listedMachines)
    .map((machine) => [machine.name, machine.publicAddress ?? "", machine.privateAddress ?? ""]);
  const more = sorted.length - rows.length;
  const text = table(["NAME", "PUBLIC", "PRIVATE"], rows).trimEnd();
  return more > 0 ? [text, `... and ${more} more: belt ls`] : [text];
}

function phaseLine(outcome: Outcome): string[] {
  const order: readonly string[] = phases;
  const entries = Object.entries(outcome.phasesMs).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  if (entries.length === 0) return [];
  return [`Slowest machine in each phase: ${entries.map(([phase, ms]) => `${phase} ${durationText(ms)}`).join(", ")}.`];
}
