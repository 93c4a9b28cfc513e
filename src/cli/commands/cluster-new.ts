import { BeltError } from "../../util/errors.ts";
import { nearest } from "../../util/nearest.ts";
import { exitCodes } from "../exit-code.ts";
import { printText } from "../output.ts";
import type { Verb } from "../verb.ts";
import { firstWord } from "../words.ts";

/** Makes a cluster without machines, and makes it the one in use. */
export const clusterNew: Verb = {
  usage: "<name>",
  options: [{ flags: "--driver <provider>", summary: "Where its machines come from (default: local)" }],
  examples: [["belt cluster new --driver local swarm2k", "An empty cluster, in use from now on"]],
  json: "none",
  run: async (call, context) => {
    const provider = call.text("--driver") ?? "local";
    const providers = await context.library.providers();
    if (!providers.includes(provider)) throw noProvider(provider, providers);
    const name = firstWord(call);
    const { file } = await context.library.newCluster(name, provider);
    printText(
      context,
      `Cluster ${name} on ${provider} is in use; its file is ${file}.\nNext: belt create 512mb 'node[1:3]'\n`,
    );
    return exitCodes.done;
  },
};

function noProvider(provider: string, known: readonly string[]): BeltError {
  const near = nearest(provider, known);
  return new BeltError("usage.invalid", `there is no provider "${provider}"`, {
    hint: near ? `Did you mean ${near}?` : `There are: ${known.join(", ")}`,
  });
}
