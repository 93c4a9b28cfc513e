import type { Cluster } from "../../cluster/types.ts";
import { LineSplitter } from "../../ssh/lines.ts";
import { mapBounded } from "../../util/concurrency.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { prefixLines, widest } from "../ordered-output.ts";
import { renderError } from "../render-error.ts";
import { openTunnel } from "./tunnel.ts";

/** How many docker commands run side by side. */
const atOnce = 16;

/** Runs the same docker command on each machine, without input, lines prefixed by name; resolves with the worst exit code. */
export async function dockerOnMany(
  context: CliContext,
  cluster: Cluster,
  { names, args }: { readonly names: readonly string[]; readonly args: readonly string[] },
): Promise<number> {
  const width = widest(names);
  const program = await context.io.host.findProgram("docker");
  const results = await mapBounded(names, atOnce, async (name) => {
    const output = prefixed(context, name, width);
    try {
      return await runOn(context, cluster, { name, program, args, output });
    } finally {
      output.flush();
    }
  });
  context.signal.throwIfAborted();
  let worst: number = exitCodes.done;
  for (const [index, result] of results.entries()) {
    if (result.status === "fulfilled") worst = Math.max(worst, result.value);
    else {
      const text = renderError(result.reason, { paint: context.paint.stderr, debug: context.globals.debug });
      context.io.stderr.write(prefixLines(names[index] ?? "", text.trimEnd().split("\n"), width));
      worst = exitCodes.connection;
    }
  }
  return worst;
}

interface Output {
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  readonly flush: () => void;
}

async function runOn(
  context: CliContext,
  cluster: Cluster,
  run: {
    readonly name: string;
    readonly program: string | undefined;
    readonly args: readonly string[];
    readonly output: Output;
  },
): Promise<number> {
  const { onStdout, onStderr } = run.output;
  const connection = await cluster.connect(run.name, context.signal);
  if (run.program !== undefined) {
    await using tunnel = await openTunnel(context, connection);
    return await context.io.host.runStreaming([run.program, ...run.args], tunnel.env, run.output, context.signal);
  }
  const { signal } = context;
  const options = { signal, deadlineMs: Number.POSITIVE_INFINITY, sudo: true, collect: false, onStdout, onStderr };
  return (await connection.exec(["docker", ...run.args], options)).code;
}

function prefixed(context: CliContext, name: string, width: number): Output {
  const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
  const write = (stream: "stdout" | "stderr", lines: readonly string[]): void => {
    if (lines.length > 0) context.io[stream].write(prefixLines(name, lines, width));
  };
  return {
    onStdout: (chunk) => write("stdout", splitters.stdout.push(chunk)),
    onStderr: (chunk) => write("stderr", splitters.stderr.push(chunk)),
    flush: () => {
      write("stdout", splitters.stdout.flush());
      write("stderr", splitters.stderr.flush());
    },
  };
}
