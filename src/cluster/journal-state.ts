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
  /** Machines that were made ready for the swarm by beltkit itself; others came so. */
  readonly bootstrapped: ReadonlySet<string>;
  /** Intents without an outcome: what a crash may have left half done. */
  readonly open: readonly OpenIntent[];
  /** The last failure of each machine that has not been brought up since. */
  readonly failures: ReadonlyMap<string, LastFailure>;
  /** The highest fencing number that wrote here. */
  readonly fence: number;
}

type Header = Pick<JournalState, "clusterId" | "swarmId" | "spec" | "source" | "fence">;

/** Folds records one by one, in the order in which they were written: a record costs the same however many came before. */
export class JournalFold {
  readonly #open = new Map<number, OpenIntent>();
  readonly #made = new Set<string>();
  readonly #bootstrapped = new Set<string>();
  readonly #failures = new Map<string, LastFailure>();
  #header: Header = { clusterId: undefined, swarmId: undefined, spec: undefined, source: undefined, fence: 0 };

  add(record: JournalRecord): void {
    switch (record.kind) {
      case "cluster":
        this.#header = { ...this.#header, clusterId: record.id };
        break;
      case "spec":
        this.#header = { ...this.#header, spec: record.spec, source: record.source };
        break;
      case "swarm":
        this.#header = { ...this.#header, swarmId: record.swarmId };
        break;
      case "command":
        this.#header = { ...this.#header, fence: Math.max(this.#header.fence, record.fence) };
        break;
      case "failure":
        this.#failures.set(record.machine, record);
        break;
      case "intent":
        this.#open.set(record.seq, record);
        break;
      case "outcome":
        this.#settle(record);
    }
  }

  get state(): JournalState {
    return {
      ...this.#header,
      made: [...this.#made],
      bootstrapped: this.#bootstrapped,
      open: [...this.#open.values()],
      failures: this.#failures,
    };
  }

  /** What went well makes an earlier failure of the same machine a thing of the past. */
  #settle({ seq, ok }: { readonly seq: number; readonly ok: boolean }): void {
    const intent = this.#open.get(seq);
    this.#open.delete(seq);
    if (!ok || intent === undefined) return;
    const { operation, on } = intent;
    if (operation === "create") this.#made.add(on);
    if (operation === "bootstrap") this.#bootstrapped.add(on);
    if (operation === "remove") {
      this.#made.delete(on);
      this.#bootstrapped.delete(on);
    }
    this.#failures.delete(on);
  }
}
