import type { MachineView } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText } from "../output.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** Prints addresses, one a line, and nothing else: for scripts. */
export const ip: Verb = {
  usage: "<range...>",
  options: [{ flags: "--private", summary: "The private address" }],
  examples: [
    ["belt ip node2", "Its public address, or the private one where there is no other"],
    ["belt ip 'mg[0:2]' --private", "Three private addresses, one a line"],
  ],
  json: "none",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const views = await selectMachines(cluster, call.words, context.signal);
    const isPrivate = call.flag("--private");
    printText(context, views.map((view) => `${addressOf(view, isPrivate)}\n`).join(""));
    return exitCodes.done;
  },
};

function addressOf(view: MachineView, isPrivate: boolean): string {
  const { machine } = view;
  const address = isPrivate ? machine?.privateAddress : (machine?.publicAddress ?? machine?.privateAddress);
  if (address !== undefined) return address;
  throw new BeltError("machine.missing", `${view.name} has no ${isPrivate ? "private " : ""}address`, {
    hint: `belt inspect ${view.name}`,
  });
}
