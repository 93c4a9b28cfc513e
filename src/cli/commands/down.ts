import type { Cluster, MachineView } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { compressNames } from "../../util/ranges.ts";
import { quoteCommand } from "../../util/shell.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { clusterName } from "../open-cluster.ts";
import { say } from "../output.ts";
import { perform } from "../perform.ts";
import { confirmByTyping } from "../prompt.ts";
import type { SummaryWords } from "../render/summary.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Removes all that `up` made. */
export const down: Verb = {
  usage: "[cluster]",
  details:
    "Shows what will be removed and asks for the cluster's name to be typed. --yes answers that only when the cluster is named on the command line.",
  options: [{ flags: "--trace <file>", summary: "Write what took how long, for chrome://tracing or ui.perfetto.dev" }],
  examples: [
    ["belt down", "The cluster in use, after its name was typed"],
    ["belt down quickstart --yes", "This cluster, asking nothing"],
  ],
  json: "lines",
  completes: "clusters",
  run: async (call, context) => {
    const named = call.words[0] ?? context.globals.cluster;
    const name = named ?? (await clusterName(context));
    return await perform(context, {
      traceFile: call.text("--trace"),
      run: async (emit) => {
        await using cluster = await context.library.open(name, emit);
        refuseProtected(cluster);
        const { machines } = await cluster.observe({ swarm: false }, context.signal);
        const present = machines.filter((view) => view.machine !== undefined);
        const agreed =
          present.length === 0 || (await confirmDown(context, cluster, { present, named: named !== undefined }));
        return agreed ? { outcome: await cluster.down(context.signal), words: wordsFor(name) } : exitCodes.declined;
      },
    });
  },
};

function wordsFor(name: string): SummaryWords {
  return {
    done: `Cluster ${name} is down: nothing of it is left`,
    unchanged: `Nothing changed: there was nothing left of cluster ${name}`,
    detailed: false,
    next: "belt cluster ls",
  };
}

async function confirmDown(
  context: CliContext,
  cluster: Cluster,
  what: { readonly present: readonly MachineView[]; readonly named: boolean },
): Promise<boolean> {
  const names = what.present.map((view) => view.name);
  say(
    context,
    `All ${count(names.length, "machine")} of cluster ${cluster.name} (${cluster.spec.provider}) will be destroyed:`,
  );
  say(context, `  ${names.join(" ")}`);
  if (context.globals.yes && what.named) return true;
  return await confirmByTyping(context, cluster.name, {
    text: "Type the cluster's name to remove all of this:",
    what: `removing cluster ${cluster.name} (${compressNames(names)})`,
    flag: `the cluster's name and --yes: ${quoteCommand(["belt", "down", cluster.name, "--yes"])}`,
  });
}

function refuseProtected(cluster: Cluster): void {
  if (!cluster.spec.protect) return;
  throw new BeltError("guard.protected", `cluster ${cluster.name} is protected by its file`, {
    hint: "Set protect: false there first.",
  });
}
