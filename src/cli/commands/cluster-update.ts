import type { EditedFile } from "../../cluster/file-edit.ts";
import type { Cluster } from "../../cluster/types.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { showFileChange } from "../file-change.ts";
import { agreed, allowRemove, moveLocalVolumes } from "../leniency.ts";
import { clusterName } from "../open-cluster.ts";
import { printText, say } from "../output.ts";
import { type Performed, perform } from "../perform.ts";
import { agreementTo } from "../plan-file.ts";
import { confirm } from "../prompt.ts";
import { agreedToRemoval } from "../removal.ts";
import { planText } from "../render/plan.ts";
import type { Call, Verb } from "../verb.ts";
import { parseSettings } from "../words.ts";

/** Changes settings in the cluster's file, and acts on them. */
export const clusterUpdate: Verb = {
  usage: "<key=value...>",
  details:
    "Keys are paths in the file, such as engine.version; a key that the provider knows, such as region, goes into its block. Comments are kept, and the change is shown. Where there are machines, what follows for them is shown too, and done once you agree.",
  options: [
    { flags: "--no-apply", summary: "Write the file and leave the machines to the next belt up" },
    allowRemove,
    moveLocalVolumes,
  ],
  examples: [
    ["belt cluster update region=sgp1", "For the machines that are made from now on"],
    ["belt cluster update engine.version=29.10 --yes", "Any key of the file, and the machines that it is about"],
  ],
  json: "lines",
  run: async (call, context) => {
    const settings = parseSettings(call.words, "belt cluster update");
    const name = await clusterName(context);
    return await perform(context, {
      run: async (emit) => {
        await using cluster = await context.library.open(name, emit);
        const file = await cluster.editFile({ kind: "set", settings });
        const { path, before, after } = file.change;
        if (before === after) {
          say(context, `Nothing changed: ${path} says so already.`);
          return exitCodes.done;
        }
        showFileChange(context, file.change);
        return await act(context, cluster, { call, file });
      },
    });
  },
};

async function act(
  context: CliContext,
  cluster: Cluster,
  { call, file }: { readonly call: Call; readonly file: EditedFile },
): Promise<Performed | number> {
  const { machines } = await cluster.observe({ swarm: false }, context.signal);
  if (call.flag("--no-apply") || machines.every(({ machine }) => machine === undefined)) {
    await cluster.writeFile(file);
    return exitCodes.done;
  }
  const plan = await cluster.plan({ file }, context.signal);
  printText(context, planText(plan));
  if (!(await agreedToRemoval(context, { call, plan }))) return exitCodes.declined;
  const question = { text: "Save the file and apply the change?", what: "acting on the new file", flag: "--yes" };
  if (!(await confirm(context, question))) return exitCodes.declined;
  const options = { ...agreed(call), allowRemove: call.flag("--allow-remove"), agreed: agreementTo(plan), file };
  const words = {
    done: `Cluster ${cluster.name} is as its file says`,
    unchanged: `The machines of ${cluster.name} are as the file says already`,
    detailed: true,
    next: "belt status",
  };
  return { outcome: await cluster.up(options, context.signal), words };
}
