import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText } from "../output.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";
import { exactlyOne } from "../words.ts";

/** Shows or chooses the node that `belt docker` and `belt env` talk to. */
export const active: Verb = {
  usage: "[name]",
  details: "Without a choice it is the leader of the swarm, else the first manager of the file.",
  options: [],
  examples: [
    ["belt active", "Print it"],
    ["belt active mg0", "Choose it"],
  ],
  json: "none",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    if (call.words.length > 0) {
      const views = await selectMachines(cluster, call.words, context.signal);
      await cluster.setActiveNode(
        exactlyOne(
          views.map((view) => view.name),
          "belt active",
        ),
      );
    }
    printText(context, `${await cluster.activeNode(context.signal)}\n`);
    return exitCodes.done;
  },
};
