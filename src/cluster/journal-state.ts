import type { Phase } from "./events.ts";
import type { JournalRecord, Operation } from "./journal-records.ts";

/** An intent whose outcome is not known. */
export interface OpenIntent {
  readonly seq: number;
  readonly operation: Operation;
  /** The name of a machine, or of a provider. */
  readonly on: string;
}

/** Where a machine stopped last, and why: the code of the error. */
export interface LastFailure {
  readonly at: string;
  readonly phase: Phase;
  readonly code: string;
}

/** What the journal tells, folded. */
export interface JournalState {
  readonly clusterId: string | undefined;
  readonly swarmId: string | undefined;
  /** The last spec that was acted on, as it was written: parse it before use. */
  readonly spec: unknown;
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "template"; readonly name: string }
    | undefined;
  /** Machines that were made and not removed since, as far as the journal saw. */
  readonly made: readonly string[];
  /** Intents without an outcome: what a crash may have left half done. */
  readonly open: readonly OpenIntent[];
  /** The last failure of each machine that has not been brought up since. */
  readonly failures: ReadonlyMap<string, LastFailure>;
  /** The highest fencing number that wrote here. */
  readonly fence: number;
}

/** Folds records in the order in which they were written. */
export function foldRecords(records: readonly JournalRecord[]): JournalState {
  const open = new Map<number, OpenIntent>();
  const made = new Set<string>();
  const failures = new Map<string, LastFailure>();
  let state: Pick<JournalState, "clusterId" | "swarmId" | "spec" | "source" | "fence"> = {
    clusterId: undefined,
    swarmId: undefined,
    spec: undefined,
    source: undefined,
    fence: 0,
  };
  for (const record of records) {
    switch (record.kind) {
      case "cluster":
        state = { ...state, clusterId: record.id };
        break;
      case "spec":
        state = { ...state, spec: record.spec, source: record.source };
        break;
      case "swarm":
        state = { ...state, swarmId: record.swarmId };
        break;
      case "command":
        state = { ...state, fence: Math.max(state.fence, record.fence) };
        break;
      case "failure":
        failures.set(record.machine, record);
        break;
      case "intent":
        open.set(record.seq, record);
        break;
      case "outcome":
        settle(record, open.get(record.seq), { made, failures });
        open.delete(record.seq);
    }
  }
  return { ...state, made: [...made], open: [...open.values()], failures };
}

/** What went well makes an earlier failure of the same machine a thing of the past. */
function settle(
  { ok }: { readonly ok: boolean },
  intent: OpenIntent | undefined,
  { made, failures }: { readonly made: Set<string>; readonly failures: Map<string, LastFailure> },
): void {
  if (!ok || intent === undefined) return;
  if (intent.operation === "create") made.add(intent.on);
  if (intent.operation === "remove") made.delete(intent.on);
  failures.delete(intent.on);
}
