import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** What one run of a program cost, with all its children. */
export interface Cost {
  readonly code: number | null;
  readonly wallMs: number;
  /** User and system time of the program and of all children that it waited for. */
  readonly cpuMs: number;
  /** The highest sum of resident memory of the program and its descendants that was seen, sampled every 20 ms. */
  readonly peakMiB: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program under test, compiled: `npm run build` makes it. */
export const belt = [process.execPath, path.resolve(import.meta.dirname, "../../dist/bin.js")];

/** Runs a program to its end and counts what it cost. Source for the times: GNU time(1). */
export async function measure(
  argv: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Cost> {
  const from = performance.now();
  const child = spawn("/usr/bin/time", ["-f", "belt-bench-cpu %U %S", ...argv], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const ended = new AbortController();
  const sampling = samplePeak(child.pid ?? 0, ended.signal);
  const [code] = await once(child, "close");
  const wallMs = performance.now() - from;
  ended.abort();
  const peakMiB = await sampling;
  const text = Buffer.concat(stderr).toString();
  const [, user = "0", system = "0"] = /belt-bench-cpu (\S+) (\S+)/.exec(text) ?? [];
  return {
    code,
    wallMs,
    cpuMs: (Number(user) + Number(system)) * 1000,
    peakMiB,
    stdout: Buffer.concat(stdout).toString(),
    stderr: text,
  };
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Prints rows under headings, columns aligned. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

async function samplePeak(root: number, ended: AbortSignal): Promise<number> {
  let peak = 0;
  while (!ended.aborted) {
    peak = Math.max(peak, await residentMiB(root));
    await delay(20);
  }
  return peak;
}

async function residentMiB(root: number): Promise<number> {
  const parents = new Map<number, number[]>();
  const sizes = new Map<number, number>();
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), pid]);
    sizes.set(pid, Number(fields[21] ?? 0) / 256);
  }
  const sum = (pid: number): number =>
    (sizes.get(pid) ?? 0) + (parents.get(pid) ?? []).reduce((total, one) => total + sum(one), 0);
  return sum(root);
}
