import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { BeltError } from "./errors.ts";

/** A program that runs on this host while its streams are in use. */
export interface PipedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its exit code, 128 and the signal's number where a signal ended it. Rejects if it could not be started. */
  readonly ended: Promise<number>;
  /** Ends it and what it started, at once: ssh may overlook a gentler signal until something else wakes it. */
  kill(): void;
}

/** What a program is started with: its words, and its whole environment (this process's own unless given). */
export interface PipedProgram {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Starts a program in a session of its own: it has no terminal to ask anything on, and Ctrl-C here does not reach it.
 */
export function startPiped({ argv, env }: PipedProgram): PipedProcess {
  const [file = "", ...rest] = argv;
  const child = spawn(file, rest, { stdio: ["pipe", "pipe", "pipe"], detached: true, ...(env ? { env } : {}) });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => reject(new BeltError("internal", `cannot run ${file}`, { cause })));
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  ended.catch(() => {}); // whoever waits for it handles it
  child.stdin.on("error", () => {}); // a program may end without reading its input
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    kill: () => killGroup(child.pid, child.exitCode !== null || child.signalCode !== null),
  };
}

function killGroup(pid: number | undefined, isOver: boolean): void {
  if (pid === undefined || isOver) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}
