import { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { Mutex } from "../util/concurrency.ts";
import { BeltError } from "../util/errors.ts";
import { appendDurably, readTextIfThere, writeFileAtomic } from "../util/files.ts";

/** What beltkit is about to do to the world, or was. */
const operations = ["create", "remove", "power", "bootstrap", "init", "join", "update", "leave"] as const;
export type Operation = (typeof operations)[number];

const at = z.string();
const recordSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("cluster"), at, version: z.literal(1), id: z.string(), name: z.string() }),
  z.object({
    kind: z.literal("spec"),
    at,
    source: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("file"), path: z.string() }),
      z.object({ kind: z.literal("template"), name: z.string() }),
    ]),
    spec: z.unknown(),
  }),
  z.object({ kind: z.literal("intent"), at, seq: z.number(), operation: z.enum(operations), machine: z.string() }),
  z.object({ kind: z.literal("outcome"), at, seq: z.number(), ok: z.boolean(), detail: z.string() }),
  z.object({ kind: z.literal("swarm"), at, swarmId: z.string() }),
]);

/** One line of the journal. There is no secret in it, ever. */
export type JournalRecord = z.infer<typeof recordSchema>;
type Entry = JournalRecord extends infer R ? (R extends { at: string } ? Omit<R, "at"> : never) : never;

/** An intent whose outcome is not known. */
export interface OpenIntent {
  readonly seq: number;
  readonly operation: Operation;
  readonly machine: string;
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
}

/** Writes the outcome of an intent: nothing when it went well, else the error. */
export type CloseIntent = (error?: unknown) => Promise<void>;

/** The durable record of a cluster: an intent is on the disk before the call that acts on it goes out. */
export interface Journal {
  readonly state: JournalState;
  record(entry: Entry): Promise<void>;
  /** Closes what earlier commands left open, because a later one has brought it about. */
  closeOpen(): Promise<void>;
  /** Writes an intent; resolves once it is on the disk, with the function that writes its outcome. */
  intend(operation: Operation, machine: string): Promise<CloseIntent>;
  /** Writes the intent, does the work, writes the outcome, also when the work throws. */
  around<T>(operation: Operation, machine: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Reads a cluster's journal, one JSON document a line. A last line that a crash cut short is dropped, since nothing was done
 * after it; any other damage is an error.
 *
 * @throws BeltError `state.damaged` with the file and the line.
 */
export async function openJournal(file: string, clock: Clock): Promise<Journal> {
  const text = (await readTextIfThere(file)) ?? "";
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const records = whole
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseLine(file, line, index + 1));
  if (whole !== text) await writeFileAtomic(file, whole, 0o600);
  return journalOn(file, clock, records);
}

function journalOn(file: string, clock: Clock, records: JournalRecord[]): Journal {
  const writing = new Mutex();
  let pending = "";
  let seq = records.reduce((highest, record) => ("seq" in record ? Math.max(highest, record.seq) : highest), 0);
  const record = async (entry: Entry): Promise<void> => {
    const line = recordSchema.parse({ ...entry, at: new Date(clock.now()).toISOString() });
    records.push(line);
    pending += `${JSON.stringify(line)}\n`;
    // Lines that gather while the disk is busy go out together: one wait for many machines.
    await writing.run(async () => {
      const batch = pending;
      pending = "";
      if (batch !== "") await appendDurably(file, batch);
    });
  };
  const intend = async (operation: Operation, machine: string): Promise<CloseIntent> => {
    seq += 1;
    const own = seq;
    await record({ kind: "intent", seq: own, operation, machine });
    return (error) =>
      record({ kind: "outcome", seq: own, ok: error === undefined, detail: error === undefined ? "" : codeOf(error) });
  };
  return {
    get state() {
      return fold(records);
    },
    record,
    closeOpen: async () => {
      for (const { seq: left } of fold(records).open)
        await record({ kind: "outcome", seq: left, ok: false, detail: "superseded" });
    },
    intend,
    around: async (operation, machine, work) => {
      const close = await intend(operation, machine);
      try {
        const result = await work();
        await close();
        return result;
      } catch (error) {
        await close(error);
        throw error;
      }
    },
  };
}

function fold(records: readonly JournalRecord[]): JournalState {
  const open = new Map<number, OpenIntent>();
  const made = new Set<string>();
  let state: Omit<JournalState, "open" | "made"> = {
    clusterId: undefined,
    swarmId: undefined,
    spec: undefined,
    source: undefined,
  };
  for (const record of records) {
    if (record.kind === "cluster") state = { ...state, clusterId: record.id };
    else if (record.kind === "spec") state = { ...state, spec: record.spec, source: record.source };
    else if (record.kind === "swarm") state = { ...state, swarmId: record.swarmId };
    else if (record.kind === "intent") open.set(record.seq, record);
    else {
      const intent = open.get(record.seq);
      open.delete(record.seq);
      if (record.ok && intent?.operation === "create") made.add(intent.machine);
      if (record.ok && intent?.operation === "remove") made.delete(intent.machine);
    }
  }
  return { ...state, made: [...made], open: [...open.values()] };
}

/** Only the code of an error is kept: a message could quote what a command printed. */
function codeOf(error: unknown): string {
  return error instanceof BeltError ? error.code : "internal";
}

function parseLine(file: string, line: string, number: number): JournalRecord {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new BeltError("state.damaged", `${file}:${number} is not a line of a journal that this version can read`, {
      hint: "Restore the file from a copy, or move it away to start a new journal; the machines themselves are not touched.",
      cause,
    });
  }
}
