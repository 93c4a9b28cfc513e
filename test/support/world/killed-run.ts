import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { JournalRecord } from "../../../src/cluster/journal-records.ts";

const entry = path.resolve(import.meta.dirname, "belt.ts");

/** When a run is killed from outside: before its N-th write to the journal takes effect, or once that write is on the disk. */
export interface Kill {
  readonly when: "before-write" | "after-write";
  readonly number: number;
}

/** How a run on a world ended. */
export interface WorldRun {
  /** `null` if it was killed. */
  readonly code: number | null;
  readonly output: string;
}

/** How a run that was traced ended. */
export interface TracedRun extends WorldRun {
  /** The lines that the last write to the journal brought there; empty if that write was kept from happening. */
  readonly lastLines: readonly JournalRecord[];
  /** How many writes to the journal there were. */
  readonly writes: number;
}

/** Runs the command line on the world in a folder. */
export async function runOnWorld(folder: string, words: readonly string[]): Promise<WorldRun> {
  return await run(folder, [process.execPath, entry, folder, ...words]);
}

/**
 * Runs the command line on the world in a folder, traced from outside, and kills it at a point if one is given. Tracing takes
 * half as long again. strace's `--seccomp-bpf` would spare that, but it loses the signals that are to be injected.
 */
export async function traceOnWorld(folder: string, words: readonly string[], kill?: Kill): Promise<TracedRun> {
  const journal = path.join(folder, ".belt/sweep/journal");
  const trace = path.join(folder, "trace");
  const inject =
    kill?.when === "before-write"
      ? ["-e", `inject=write:error=EIO:signal=KILL:when=${kill.number}`]
      : kill && ["-e", `inject=fsync:signal=KILL:when=${kill.number}`];
  const strace = ["strace", "-f", "-qq", "-s", "0", "-o", trace, "-P", journal, "-e", "trace=write,fsync"];
  const ended = await run(folder, [...strace, ...(inject ?? []), process.execPath, entry, folder, ...words]);
  const writes = [...(await readFile(trace, "utf8")).matchAll(/ write\(.*= (\d+|\?)/g)].map(
    ([, bytes]) => bytes ?? "?",
  );
  const last = writes.at(-1) ?? "?";
  return {
    ...ended,
    lastLines: last === "?" ? [] : await lastBytes(journal, Number(last)),
    writes: writes.length,
  };
}

async function run(cwd: string, [file = "", ...words]: readonly string[]): Promise<WorldRun> {
  const { BELT_HOME: _, ...env } = process.env;
  // One thread for files, so that strace's count, which is each thread's own, is the process's.
  const child = spawn(file, words, {
    ...{ cwd, env: { ...env, UV_THREADPOOL_SIZE: "1" } },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, "close");
  return { code, output: Buffer.concat(output).toString() };
}

/** The records in the last bytes of a journal. */
async function lastBytes(journal: string, bytes: number): Promise<readonly JournalRecord[]> {
  if (!existsSync(journal)) return [];
  const content = await readFile(journal);
  return parse(content.subarray(content.length - bytes).toString());
}

/** Every record of the journal of the swept cluster in a folder. */
export async function journalIn(folder: string): Promise<readonly JournalRecord[]> {
  const file = path.join(folder, ".belt/sweep/journal");
  return existsSync(file) ? parse(await readFile(file, "utf8")) : [];
}

/** A point of a run, by what it is about: `create node1: after the call, before the record`. */
export type Point = string;

const moments = ["before the call", "after the call, before the record", "after the record"] as const;

/** Every point that a run has, from what a whole run wrote. */
export function pointsOf(records: readonly JournalRecord[]): ReadonlySet<Point> {
  return new Set(
    records.flatMap((record) => {
      if (record.kind === "intent") return moments.map((moment) => `${record.operation} ${record.on}: ${moment}`);
      return record.kind === "outcome" || record.kind === "command" ? [] : [`${record.kind}: after the record`];
    }),
  );
}

/** The points at which a killed run was, from what it added to the journal and to the world's ledger. */
export function pointsHit(
  records: readonly JournalRecord[],
  ledger: readonly string[],
  run: TracedRun,
): readonly Point[] {
  const outcomes = new Set(records.flatMap((record) => (record.kind === "outcome" ? [record.seq] : [])));
  const last = new Set(run.lastLines.flatMap((record) => (record.kind === "outcome" ? [record.seq] : [])));
  const ofIntents = records.flatMap((record) => {
    if (record.kind !== "intent") return [];
    const name = `${record.operation} ${record.on}`;
    if (!outcomes.has(record.seq)) return [`${name}: ${ledger.includes(name) ? moments[1] : moments[0]}`];
    return last.has(record.seq) ? [`${name}: ${moments[2]}`] : [];
  });
  const others = run.lastLines.filter(({ kind }) => kind !== "intent" && kind !== "outcome" && kind !== "command");
  return [...ofIntents, ...others.map(({ kind }) => `${kind}: after the record`)];
}

function parse(text: string): readonly JournalRecord[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
