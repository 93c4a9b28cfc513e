import path from "node:path";
import type { Machine } from "../providers/provider.ts";
import { quoteWord } from "../util/shell.ts";
import { type ClusterContext, emit } from "./context.ts";
import type { Tally } from "./phases.ts";
import type { Outcome } from "./types.ts";

/** Closes a command: its last event, and what it returns. `goOn` is the command that goes on from a partial success. */
export function conclude(context: ClusterContext, tally: Tally, machines: readonly Machine[], goOn: string): Outcome {
  const kind = outcomeKind(tally, machines.length);
  const next = kind === "partial" || kind === "failed" ? goOn : undefined;
  const failed = [...new Set(tally.failures.map(({ machine }) => machine))];
  emit(context, { event: "finished", outcome: kind, failed, ...(next === undefined ? {} : { next }) });
  return { kind, failures: tally.failures, next, durationMs: tally.durationMs, phasesMs: tally.phasesMs, machines };
}

/** The command that brings the whole cluster up again, as the user would type it. */
export function upCommand(context: ClusterContext): string {
  const from = sourceName(context);
  return from === "cluster.yml" ? "belt up" : `belt up ${quoteWord(from)}`;
}

/** The cluster file as seen from the working folder, or the template's name. */
export function sourceName({ source, deps }: ClusterContext): string {
  return source.kind === "template" ? source.name : path.relative(deps.cwd, source.path);
}

function outcomeKind(tally: Tally, machineCount: number): Outcome["kind"] {
  if (tally.failures.length > 0) return machineCount > 0 ? "partial" : "failed";
  return tally.changed ? "done" : "unchanged";
}
