import { exitCodes } from "../exit-code.ts";
import { clusterName } from "../open-cluster.ts";
import { printText, say } from "../output.ts";
import type { Verb } from "../verb.ts";

/** Prints the cluster's file as it is. */
export const clusterConfig: Verb = {
  usage: "",
  options: [],
  examples: [["belt cluster config", "The file of the cluster in use"]],
  json: "none",
  run: async (_call, context) => {
    const { path, text } = await context.library.clusterFile(await clusterName(context));
    say(context, `# ${path}`);
    printText(context, text);
    return exitCodes.done;
  },
};
