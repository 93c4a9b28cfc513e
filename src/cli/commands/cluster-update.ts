import { exitCodes } from "../exit-code.ts";
import { lineDiff } from "../line-diff.ts";
import { clusterName } from "../open-cluster.ts";
import { printText, say } from "../output.ts";
import type { Verb } from "../verb.ts";
import { parseSettings } from "../words.ts";

/** Changes settings in the cluster's file; machines that exist are not touched. */
export const clusterUpdate: Verb = {
  usage: "<key=value...>",
  details:
    "Keys are paths in the file, such as engine.version; a key that the provider knows, such as region, goes into its block. Comments are kept, and the change is shown. Machines that exist follow with the next belt up.",
  options: [],
  examples: [
    ["belt cluster update region=sgp1", "For the machines that are made from now on"],
    ["belt cluster update engine.version=29.10", "Any key of the file"],
  ],
  json: "none",
  run: async (call, context) => {
    const settings = parseSettings(call.words, "belt cluster update");
    const change = await context.library.updateCluster(await clusterName(context), settings);
    if (change.before === change.after) say(context, `Nothing changed: ${change.path} says so already.`);
    else printText(context, `${change.path}\n${lineDiff(change.before, change.after)}`);
    return exitCodes.done;
  },
};
