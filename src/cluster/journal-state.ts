import type { Phase } from "./events.ts";
import type { Given } from "./given.ts";
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
  /** The name under which the cluster was made: its folder's. */
  readonly clusterName: string | undefined;
  readonly swarmId: string | undefined;
  /** The last spec that was acted on, as it was written: parse it before use. */
  readonly spec: unknown;
  readonly source:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "template"; readonly name: string }
    | undefined;
  /** What the cluster was brought up with beside its file; `undefined` where that was never kept. */
  readonly given: Given | undefined;
  /** Machines that were made and not removed since, as far as the journal saw. */
  readonly made: readonly string[];
  /** Machines that were made ready for the swarm by beltkit itself; others came so. */
  readonly bootstrapped: ReadonlySet<string>;
  /** Machines that may keep something: each has answered at some time, or was not made here. */
  readonly met: ReadonlySet<string>;
  /** Machines that left the swarm and are in none since. */
  readonly left: ReadonlySet<string>;
  /** Intents without an outcome: what a crash may have left half done. */
  readonly open: readonly OpenIntent[];
  /** The last failure of each machine that has not been brought up since. */
  readonly failures: ReadonlyMap<string, LastFailure>;
  /** The highest fencing number that wrote here. */
  readonly fence: number;
}

/** What is done only to a machine that has run. */
const touching: ReadonlySet<Operation> = new Set([
  ...(["power", "resize", "host-key", "bootstrap", "init", "join", "update", "leave"] as const),
]);

type Header = Pick<JournalState, "clusterId" | "clusterName" | "swarmId" | "spec" | "source" | "given" | "fence">;

/** Folds records one by one, in the order in which they were written: a record costs the same however many came before. */
export class JournalFold {
  readonly #open = new Map<number, OpenIntent>();
  readonly #made = new Set<string>();
  readonly #bootstrapped = new Set<string>();
  readonly #met = new Set<string>();
  readonly #left = new Set<string>();
  readonly #failures = new Map<string, LastFailure>();
  #header: Header = {
    ...{ clusterId: undefined, clusterName: undefined, swarmId: undefined },
    ...{ spec: undefined, source: undefined, given: undefined, fence: 0 },
  };

  add(record: JournalRecord): void {
    switch (record.kind) {
      case "cluster":
        this.#header = { ...this.#header, clusterId: record.id, clusterName: record.name };
        break;
      case "spec":
        this.#header = { ...this.#header, spec: record.spec, source: record.source };
        break;
      case "given":
        this.#header = { ...this.#header, given: { sets: record.sets, env: record.env, hidden: record.hidden } };
        break;
      case "swarm":
        this.#header = { ...this.#header, swarmId: record.swarmId };
        break;
      case "command":
        this.#header = { ...this.#header, fence: Math.max(this.#header.fence, record.fence) };
        break;
      case "failure":
        this.#failures.set(record.machine, record);
        if (record.phase !== "create") this.#met.add(record.machine); // only what is there gets as far
        break;
      case "met":
        this.#met.add(record.machine);
        break;
      case "recovered":
        this.#failures.delete(record.machine);
        break;
      case "intent":
        this.#open.set(record.seq, record);
        if (touching.has(record.operation)) this.#met.add(record.on);
        break;
      case "outcome":
        this.#settle(record);
    }
  }

  /** What was folded so far. Lists are made when they are read: who asks for one word pays for no list. */
  get state(): JournalState {
    const [made, open] = [this.#made, this.#open];
    return {
      ...this.#header,
      get made() {
        return [...made];
      },
      get open() {
        return [...open.values()];
      },
      bootstrapped: this.#bootstrapped,
      met: this.#met,
      left: this.#left,
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
    if (operation === "leave") this.#left.add(on);
    if (operation === "join" || operation === "init" || operation === "update") this.#left.delete(on);
    if (operation === "remove")
      for (const names of [this.#made, this.#bootstrapped, this.#met, this.#left]) names.delete(on);
    this.#failures.delete(on);
  }
}
