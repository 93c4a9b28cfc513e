import type { Cluster } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { parseNewNames } from "../../util/ranges.ts";
import { quoteCommand } from "../../util/shell.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { showFileChange } from "../file-change.ts";
import { noFile } from "../leniency.ts";
import { clusterName } from "../open-cluster.ts";
import { say } from "../output.ts";
import { perform } from "../perform.ts";
import { confirm } from "../prompt.ts";
import type { SummaryWords } from "../render/summary.ts";
import { meetRequirements } from "../requirements.ts";
import { quotedNames } from "../select-machines.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** More machines than this in one command want a confirmation. */
const manyMachines = 100;

/** Makes machines by name and size, in no swarm yet. */
export const create: Verb = {
  usage: "<size> <range...>",
  details:
    "The provider and everything else come from the cluster in use. The machines are written into its file, in a group without a place in the swarm. On local, sizes are limits: 512mb, 2gb, 2cpu-4gb. More than 100 machines want --yes.",
  options: [
    { flags: "--bare", summary: "Machines only: no engine, no certificates" },
    noFile,
    { flags: "--trace <file>", summary: "Write what took how long, for chrome://tracing or ui.perfetto.dev" },
  ],
  examples: [
    ["belt create 8192MB 'mg[0:2]'", "Three machines: mg0, mg1 and mg2"],
    ["belt create 512mb 'node[1:10]' --bare", "Ten machines without an engine"],
  ],
  json: "lines",
  run: async (call, context) => {
    const [size, ...ranges] = call.words;
    const names = [...new Set(ranges.flatMap(parseNewNames))];
    if (size === undefined || looksLikeRange(size)) throw noSize(size ?? "", call.words);
    const options = { size, bare: call.flag("--bare") };
    const cluster = await clusterName(context);
    return await perform(context, {
      traceFile: call.text("--trace"),
      run: async (emit) => {
        await using open = await context.library.open(cluster, emit);
        say(
          context,
          `Cluster ${cluster} on ${open.spec.provider}: ${count(names.length, "machine")} of ${size} (${quotedNames(names)})`,
        );
        if (!(await agreedTo(context, open, names))) return exitCodes.declined;
        const file = call.flag("--no-file") ? undefined : await open.editFile({ kind: "add", names, ...options });
        if (file) showFileChange(context, file.change);
        return { outcome: await open.create(names, { ...options, file }, context.signal), words: wordsFor(names) };
      },
    });
  },
};

async function agreedTo(context: CliContext, cluster: Cluster, names: readonly string[]): Promise<boolean> {
  const machines = count(names.length, "machine");
  const question = { text: `Create ${machines}?`, what: `creating ${machines}`, flag: "--yes" };
  if (names.length > manyMachines && !(await confirm(context, question))) return false;
  return await meetRequirements(context, cluster);
}

function wordsFor(names: readonly string[]): SummaryWords {
  return {
    done: `Made ${count(names.length, "machine")}`,
    unchanged: "Nothing changed: the machines are there already",
    detailed: true,
    next: "belt ls",
  };
}

/** `belt create 'node[1:3]' 512mb` is an easy slip, and would make machines of a strange size. */
function looksLikeRange(size: string): boolean {
  return size.includes("[") || size.includes("..") || size.includes("{");
}

function noSize(size: string, words: readonly string[]): BeltError {
  const swapped = [...words.slice(1), ...words.slice(0, 1)];
  return new BeltError("usage.invalid", `"${size}" is a range, and the size comes first`, {
    hint: quoteCommand(["belt", "create", ...swapped]),
  });
}
