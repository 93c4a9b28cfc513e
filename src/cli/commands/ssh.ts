import type { Cluster } from "../../cluster/types.ts";
import { type FanOutOutcome, fanOut, fanOutExitCode } from "../../ssh/fan-out.ts";
import { groupOutputs, type OutputGroup } from "../../ssh/group-outputs.ts";
import { BeltError, isBeltError } from "../../util/errors.ts";
import { compressNames } from "../../util/ranges.ts";
import { quoteCommand } from "../../util/shell.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { prefixLines, widest, writeAll } from "../ordered-output.ts";
import { renderError } from "../render-error.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** A shell on one machine, or a command on one or many. */
export const ssh: Verb = {
  usage: "<range...> [-- CMD...]",
  details:
    "One machine: an interactive shell, or a command that gets our standard input. Several: the command runs on all of them at once, without input, each line with its machine's name before it. The words after -- are the command's words as they are; a single word is a line for the remote shell. The exit code is the command's, for several machines the worst; 255 if a connection failed.",
  options: [
    { flags: "--group", summary: "Group identical output" },
    { flags: "--sudo", summary: "Run the command as root" },
  ],
  examples: [
    ["belt ssh node2", "A shell"],
    ["belt ssh 'node[1:50]' -- uptime", "A command on fifty machines"],
    ["belt ssh 'node[1:50]' --group -- 'uname -r | cut -d. -f1'", "A line for the remote shell; equal answers once"],
    ["belt ssh node2 -- tar -xzf - -C /srv < site.tar.gz", "Standard input goes to the machine"],
  ],
  json: "none",
  rest: "after-dashes",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const views = await selectMachines(cluster, call.words, context.signal);
    const names = views.map((view) => view.name);
    const argv = call.rest === undefined || call.rest.length === 0 ? undefined : remoteArgv(call.rest);
    const sudo = call.flag("--sudo");
    const [only] = names;
    if (argv === undefined) return await openShell(context, cluster, names);
    if (only !== undefined && names.length === 1 && !call.flag("--group"))
      return await runOnOne(context, cluster, { name: only, argv, sudo });
    return await runOnMany(context, cluster, { names, argv, sudo, group: call.flag("--group") });
  },
};

/** One word is a line for a shell, as with ssh itself; several are a command's own words, which no shell may touch. */
function remoteArgv(words: readonly string[]): readonly string[] {
  const [line] = words;
  return words.length === 1 && line !== undefined ? ["sh", "-c", line] : words;
}

async function openShell(context: CliContext, cluster: Cluster, names: readonly string[]): Promise<number> {
  const [only] = names;
  if (only === undefined || names.length > 1) {
    throw new BeltError("usage.invalid", `a shell opens on one machine, not on ${names.length}`, {
      hint: `With a command it runs on all: ${quoteCommand(["belt", "ssh", compressNames(names), "--", "uptime"])}`,
    });
  }
  return await asConnection(context, async () => {
    const connection = await cluster.connect(only, context.signal);
    // In the terminal's raw mode Ctrl-C is a byte for the far end; without a terminal it is still ours.
    return await connection.terminal(context.io.streams, undefined, context.signal);
  });
}

async function runOnOne(
  context: CliContext,
  cluster: Cluster,
  what: { readonly name: string; readonly argv: readonly string[]; readonly sudo: boolean },
): Promise<number> {
  const { io } = context;
  const signal = AbortSignal.any([context.signal, io.outputClosed]);
  return await asConnection(context, async () => {
    const connection = await cluster.connect(what.name, signal);
    const { code } = await connection.exec(what.argv, {
      signal,
      deadlineMs: Number.POSITIVE_INFINITY,
      sudo: what.sudo,
      stdin: io.stdin,
      collect: false,
      onStdout: (chunk) => writeAll(io.stdout, chunk, signal),
      onStderr: (chunk) => writeAll(io.stderr, chunk, signal),
    });
    return code;
  });
}

interface ManyRun {
  readonly names: readonly string[];
  readonly argv: readonly string[];
  readonly sudo: boolean;
  readonly group: boolean;
}

async function runOnMany(context: CliContext, cluster: Cluster, run: ManyRun): Promise<number> {
  const { io } = context;
  const signal = AbortSignal.any([context.signal, io.outputClosed]);
  const width = widest(run.names);
  const outcomes = await fanOut(
    {
      machines: run.names.map((name) => ({ name, connect: (inner) => cluster.connect(name, inner) })),
      argv: run.argv,
      sudo: run.sudo,
      ...(run.group
        ? {}
        : { onLines: ({ name, stream, lines }) => writeAll(io[stream], prefixLines(name, lines, width), signal) }),
      ...(run.group ? {} : { onOutcome: (outcome) => reportFailure(context, outcome) }),
    },
    signal,
  );
  context.signal.throwIfAborted();
  if (run.group) for (const group of groupOutputs(outcomes)) await printGroup(context, group);
  return io.outputClosed.aborted ? exitCodes.done : fanOutExitCode(outcomes);
}

async function printGroup(context: CliContext, { names, outcome }: OutputGroup): Promise<void> {
  if (outcome.kind === "failed") return reportFailure(context, outcome);
  const code = outcome.code === 0 ? "" : `, exit code ${outcome.code}`;
  const header = `--- ${compressNames(names)} (${names.length}${code}) ---`;
  await writeAll(
    context.io.stdout,
    `${context.paint.stdout("bold", header)}\n${ended(outcome.stdout)}`,
    context.signal,
  );
  if (outcome.stderr !== "") await writeAll(context.io.stderr, ended(outcome.stderr), context.signal);
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function reportFailure(context: CliContext, outcome: FanOutOutcome): void {
  if (outcome.kind !== "failed" || context.signal.aborted || context.io.outputClosed.aborted) return;
  const text = renderError(outcome.error, { paint: context.paint.stderr, debug: context.globals.debug });
  context.io.stderr.write(prefixLines(outcome.name, text.trimEnd().split("\n"), outcome.name.length));
}

/** A connection that fails is 255, as with ssh; everything else keeps its own code. */
async function asConnection(context: CliContext, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    if (context.io.outputClosed.aborted) return exitCodes.done;
    if (!isBeltError(error) || !error.code.startsWith("ssh.")) throw error;
    context.io.stderr.write(renderError(error, { paint: context.paint.stderr, debug: context.globals.debug }));
    return exitCodes.connection;
  }
}
