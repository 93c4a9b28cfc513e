import { BeltError } from "../../util/errors.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText, say } from "../output.ts";
import { viewSwarm } from "../swarm-manager.ts";
import type { Verb } from "../verb.ts";

/** Prints the swarm's join tokens, read from a live manager, or replaces them. */
export const swarmTokens: Verb = {
  usage: "[rotate]",
  details:
    "belt itself never needs them printed: its joins read them from a manager and send them in the body of an API call.",
  options: [{ flags: "--quiet", summary: "Print the worker's token alone" }],
  examples: [
    ["belt swarm tokens", "The tokens for workers and managers"],
    ["belt swarm tokens rotate", "Make new ones; nodes that have joined stay"],
  ],
  json: "none",
  run: async (call, context) => {
    const [action] = call.words;
    if (action !== undefined && action !== "rotate") {
      throw new BeltError("usage.invalid", `belt swarm tokens does not know "${action}"`, {
        hint: "belt swarm tokens rotate",
      });
    }
    await using cluster = await openCluster(context);
    const { manager } = await viewSwarm(cluster, context.signal);
    const engine = await cluster.engine(manager, context.signal);
    if (action === "rotate") {
      await engine.rotateTokens(context.signal);
      say(context, "The old tokens are void; nodes that have joined stay. New ones: belt swarm tokens");
      return exitCodes.done;
    }
    const { workerToken, managerToken } = await engine.swarmInspect(context.signal);
    if (call.flag("--quiet")) printText(context, `${workerToken.reveal()}\n`);
    else printText(context, `worker   ${workerToken.reveal()}\nmanager  ${managerToken.reveal()}\n`);
    return exitCodes.done;
  },
};
