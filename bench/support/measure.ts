import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** What one run of a program cost, with all its children. */
export interface Cost {
  readonly stdout: string;
  readonly wallMs: number;
  /** User and system time of the program and of all children that it waited for. */
  readonly cpuMs: number;
}

/** The program under test, compiled: `npm run build` makes it. */
export const belt: readonly string[] = [process.execPath, path.resolve(import.meta.dirname, "../../dist/bin.js")];

/** Runs a program to its end and counts what it cost. CPU time is counted by GNU time(1), in steps of 10 ms. Rejects if the program fails. */
export async function measure(argv: readonly string[], cwd: string): Promise<Cost> {
  const from = performance.now();
  const child = spawn("/usr/bin/time", ["-q", "-f", "bench-cpu %U %S", ...argv], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const [code] = await ended;
  const wallMs = performance.now() - from;
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}`);
  const [, user = "0", system = "0"] = /bench-cpu (\S+) (\S+)/.exec(stderr) ?? [];
  return { stdout, wallMs, cpuMs: (Number(user) + Number(system)) * 1000 };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
