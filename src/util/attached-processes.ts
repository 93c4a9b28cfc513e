import { spawn } from "node:child_process";
import { constants } from "node:os";
import { BeltError } from "./errors.ts";

/** A program to run for the user, with its whole environment. */
export interface AttachedProgram {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a program on our own stdin, stdout and stderr, so that a terminal stays one. Resolves with its exit code as a shell
 * gives it: 128 and the signal's number where a signal ended it. A TERM signal to us is passed on.
 */
export function runAttached({ argv, env }: AttachedProgram): Promise<number> {
  const [file = "", ...rest] = argv;
  const child = spawn(file, rest, { env, stdio: "inherit" });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on("SIGTERM", passOn).on("SIGHUP", passOn);
  return exitOf(file, child).finally(() => process.off("SIGTERM", passOn).off("SIGHUP", passOn));
}

/** Runs a program without input and gives its output away as it comes; an abort ends it. Resolves like {@link runAttached}. */
export function runStreaming(
  { argv, env }: AttachedProgram,
  output: { readonly onStdout: (chunk: Buffer) => void; readonly onStderr: (chunk: Buffer) => void },
  signal: AbortSignal,
): Promise<number> {
  const [file = "", ...rest] = argv;
  const child = spawn(file, rest, { env, stdio: ["ignore", "pipe", "pipe"], signal });
  child.stdout.on("data", output.onStdout);
  child.stderr.on("data", output.onStderr);
  return exitOf(file, child, signal);
}

function exitOf(file: string, child: ReturnType<typeof spawn>, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      reject(signal?.aborted ? signal.reason : new BeltError("internal", `cannot run ${file}`, { cause }));
    });
    child.on("close", (code, ended) => resolve(code ?? 128 + (ended === null ? 0 : constants.signals[ended])));
  });
}
