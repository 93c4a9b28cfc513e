import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import { appendDurably, cutFile, readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { Gathering } from "../util/gathering.ts";
import { type JournalEntry, type JournalRecord, type Operation, readRecords, toRecord } from "./journal-records.ts";
import { JournalFold, type JournalState, type OpenIntent } from "./journal-state.ts";

/** Writes the outcome of an intent: nothing when it went well, else the error. */
export type CloseIntent = (error?: unknown) => Promise<void>;

/** Who writes: a command that holds the cluster's lock. */
export interface Writer {
  readonly command: string;
  readonly user: string;
  readonly host: string;
  readonly fence: {
    readonly number: number;
    /** @throws BeltError `guard.lock` when the lock is another command's by now: nothing more may be done. */
    assertHeld(): Promise<void>;
  };
}

/** The durable record of a cluster: an intent is on the disk before the call that acts on it goes out. */
export interface Journal {
  readonly state: JournalState;
  readonly records: readonly JournalRecord[];
  /** Reads the file again: another command may have written since it was opened. */
  reload(): Promise<void>;
  /** From now on this command writes, as long as it holds the lock; it is named in front of the first thing that it does. */
  writeAs(writer: Writer): void;
  record(entry: JournalEntry): Promise<void>;
  /** Closes what earlier commands left open, all of it or what is picked, because a later one has brought it about. */
  closeOpen(isDone?: (intent: OpenIntent) => boolean): Promise<void>;
  /** Writes an intent; resolves once it is on the disk, with the function that writes its outcome. */
  intend(operation: Operation, on: string): Promise<CloseIntent>;
  /** Writes the intent, does the work, writes the outcome, also when the work throws. */
  around<T>(operation: Operation, on: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Reads a cluster's journal, one JSON document a line. A last line that a crash cut short is left out, since nothing was done
 * after it; any other damage is an error. Reading changes nothing: the file is mended, and brought to today's format, before
 * the first line that is added.
 *
 * @throws BeltError `state.damaged` with the file and the line, `state.newer`.
 */
export async function openJournal(file: string, clock: Clock): Promise<Journal> {
  const log = new Log(file);
  await log.read();
  return journalOn(log, clock);
}

/** The file, and its records in memory. */
class Log {
  records: JournalRecord[] = [];
  #fold = new JournalFold();
  readonly #file: string;
  /** Lines that gather while the disk is busy go out together: one wait for many machines. */
  readonly #lines = new Gathering<JournalRecord>((lines) => this.#write(lines));
  /** What is to be done to the file before a line is added, where it is not whole or not of today. */
  #mend: (() => Promise<void>) | undefined;
  #broken: { readonly why: unknown } | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async read(): Promise<void> {
    const text = (await readTextIfThere(this.#file)) ?? "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const { records, migrated } = readRecords(this.#file, whole.split("\n").slice(0, -1));
    this.records = [...records];
    this.#fold = new JournalFold();
    for (const record of records) this.#fold.add(record);
    if (migrated) this.#mend = () => writeFileAtomic(this.#file, textOf(records), 0o600);
    // Without its torn end, in place: that needs no space, which may be what was missing.
    else this.#mend = whole === text ? undefined : () => cutFile(this.#file, Buffer.byteLength(whole));
  }

  get state(): JournalState {
    return this.#fold.state;
  }

  async append(lines: readonly JournalRecord[]): Promise<void> {
    this.records.push(...lines);
    for (const line of lines) this.#fold.add(line);
    await this.#lines.add(lines);
  }

  /** A write that failed may have left half a line: nothing is written behind it, and so nothing more is done. */
  async #write(lines: readonly JournalRecord[]): Promise<void> {
    if (this.#broken) throw this.#broken.why;
    try {
      await this.#mend?.();
      this.#mend = undefined;
      await appendDurably(this.#file, textOf(lines));
    } catch (error) {
      this.#broken = { why: error };
      throw error;
    }
  }
}

function journalOn(log: Log, clock: Clock): Journal {
  let seq = highestSeq(log.records);
  let writer: Writer | undefined;
  let named = false;
  const record = async (entry: JournalEntry): Promise<void> => {
    await writer?.fence.assertHeld();
    const lines = [toRecord(entry, clock.now())];
    if (writer && !named && entry.kind !== "cluster") {
      named = true;
      const { command, user, host, fence } = writer;
      lines.unshift(toRecord({ kind: "command", command, user, host, fence: fence.number }, clock.now()));
    }
    await log.append(lines);
  };
  const intend = async (operation: Operation, on: string): Promise<CloseIntent> => {
    seq += 1;
    const own = seq;
    await record({ kind: "intent", seq: own, operation, on });
    return (error) =>
      record({ kind: "outcome", seq: own, ok: error === undefined, detail: error === undefined ? "" : codeOf(error) });
  };
  return {
    get state() {
      return log.state;
    },
    get records() {
      return log.records;
    },
    reload: async () => {
      await log.read();
      seq = highestSeq(log.records);
    },
    writeAs: (command) => {
      writer = command;
      named = false;
    },
    record,
    closeOpen: async (isDone = () => true) => {
      for (const { seq } of log.state.open.filter(isDone))
        await record({ kind: "outcome", seq, ok: false, detail: "superseded" });
    },
    intend,
    around: async (operation, on, work) => {
      const close = await intend(operation, on);
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

function highestSeq(records: readonly JournalRecord[]): number {
  return records.reduce((highest, record) => ("seq" in record ? Math.max(highest, record.seq) : highest), 0);
}

function textOf(records: readonly JournalRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** Only the code of an error is kept: a message could quote what a command printed. */
function codeOf(error: unknown): string {
  return error instanceof BeltError ? error.code : "internal";
}
