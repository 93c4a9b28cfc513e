import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { BeltError } from "./errors.ts";

/** How a program on this host ended. */
export interface ProcessResult {
  /** The exit code; `null` if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly signal: AbortSignal;
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Called with each line that the program prints, on either stream, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program on this host without a shell and collects what it prints. Rejects only if it cannot be started. */
export type RunProcess = (argv: readonly string[], options: ProcessOptions) => Promise<ProcessResult>;

/** The real {@link RunProcess}, on node:child_process. */
export const runProcess: RunProcess = (argv, options) => {
  const [file = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, {
      stdio: ["pipe", "pipe", "pipe"],
      signal: options.signal,
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    const { onLine } = options;
    if (onLine) for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", onLine);
    child.on("error", (cause) => {
      reject(
        options.signal.aborted ? options.signal.reason : new BeltError("internal", `cannot run ${file}`, { cause }),
      );
    });
    child.on("close", (code) => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    child.stdin.on("error", () => {}); // a program may end without reading its input
    child.stdin.end(options.stdin);
  });
};
