import { exitCodes } from "../exit-code.ts";
import { clusterName } from "../open-cluster.ts";
import { printText } from "../output.ts";
import type { Verb } from "../verb.ts";

/** Shows or chooses the cluster that later commands mean. */
export const use: Verb = {
  usage: "[cluster]",
  options: [],
  examples: [
    ["belt use", "Print it"],
    ["belt use swarm2k", "Choose it"],
  ],
  json: "none",
  completes: "clusters",
  run: async (call, context) => {
    const [name] = call.words;
    if (name !== undefined) await context.library.useCluster(name);
    printText(context, `${name ?? (await clusterName(context))}\n`);
    return exitCodes.done;
  },
};
