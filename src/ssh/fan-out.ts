import { mapBounded } from "../util/concurrency.ts";
import type { Connection, ExecOptions } from "./connection.ts";
import { LineSplitter } from "./lines.ts";

/** A machine to run on, and how to reach it. Who opens connections closes them: the fan-out leaves them open. */
export interface FanOutMachine {
  readonly name: string;
  connect(signal: AbortSignal): Promise<Connection>;
}

/** How the command went on one machine. */
export type FanOutOutcome =
  | {
      readonly kind: "ended";
      readonly name: string;
      readonly code: number;
      /** Empty unless output is collected. */
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: "failed"; readonly name: string; readonly error: unknown };

/** Whole lines of one machine, in their order, without newlines. A promise that the listener returns holds that machine back. */
type OnLines = (output: {
  readonly name: string;
  readonly stream: "stdout" | "stderr";
  readonly lines: readonly string[];
}) => void | Promise<void>;

/** What to run where. */
export interface FanOutRequest {
  readonly machines: readonly FanOutMachine[];
  readonly argv: readonly string[];
  /** How many machines at a time; 64 unless given. */
  readonly concurrency?: number;
  /** For the command on one machine, in milliseconds; none unless given, since it is the user's own command. */
  readonly deadlineMs?: number;
  readonly sudo?: boolean;
  /** Given to each machine's command as its input. */
  readonly stdin?: string | Uint8Array;
  /** Called with lines as they come; without it the output is collected into the outcomes. */
  readonly onLines?: OnLines;
  /** Called as each machine is done. */
  readonly onOutcome?: (outcome: FanOutOutcome) => void;
}

/** Runs one command on many machines. Never rejects: what fails on one machine is its outcome and stops no other. The outcomes are in the order of the machines. */
export async function fanOut(request: FanOutRequest, signal: AbortSignal): Promise<readonly FanOutOutcome[]> {
  const settled = await mapBounded(request.machines, request.concurrency ?? 64, async (machine) => {
    const outcome = await runOn(machine, request, signal);
    request.onOutcome?.(outcome);
    return outcome;
  });
  return settled.map((result, index) =>
    result.status === "fulfilled"
      ? result.value
      : { kind: "failed", name: request.machines[index]?.name ?? "", error: result.reason },
  );
}

/** The exit code of the whole: 255 if any machine failed, else the highest code of the commands. */
export function fanOutExitCode(outcomes: readonly FanOutOutcome[]): number {
  return outcomes.reduce((worst, outcome) => Math.max(worst, outcome.kind === "failed" ? 255 : outcome.code), 0);
}

async function runOn(machine: FanOutMachine, request: FanOutRequest, signal: AbortSignal): Promise<FanOutOutcome> {
  const { name } = machine;
  try {
    const connection = await machine.connect(signal);
    const output = request.onLines && splitting(name, request.onLines);
    const result = await connection
      .exec(request.argv, {
        signal,
        deadlineMs: request.deadlineMs ?? Number.POSITIVE_INFINITY,
        collect: output === undefined,
        ...(request.sudo === undefined ? {} : { sudo: request.sudo }),
        ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
        ...output?.taps,
      })
      .finally(() => output?.flush());
    return { kind: "ended", name, ...result };
  } catch (error) {
    return { kind: "failed", name, error };
  }
}

interface Splitting {
  readonly taps: Pick<ExecOptions, "onStdout" | "onStderr">;
  /** Hands on the last lines that came without a newline. */
  readonly flush: () => Promise<void>;
}

function splitting(name: string, onLines: OnLines): Splitting {
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  const emit = (stream: "stdout" | "stderr", lines: readonly string[]): void | Promise<void> =>
    lines.length === 0 ? undefined : onLines({ name, stream, lines });
  return {
    taps: {
      onStdout: (chunk) => emit("stdout", splitters.stdout.push(chunk)),
      onStderr: (chunk) => emit("stderr", splitters.stderr.push(chunk)),
    },
    flush: async () => {
      await emit("stdout", splitters.stdout.flush());
      await emit("stderr", splitters.stderr.flush());
    },
  };
}
