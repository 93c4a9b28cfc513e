import type { MachineView } from "../../cluster/types.ts";
import { parseRanges } from "../../util/ranges.ts";
import { exitCodes } from "../exit-code.ts";
import { machineJson, statusWord } from "../machine-json.ts";
import { openCluster } from "../open-cluster.ts";
import { printJson, printText } from "../output.ts";
import { table } from "../table.ts";
import type { Verb } from "../verb.ts";

/** Lists the machines of a cluster. */
export const ls: Verb = {
  usage: "[range...]",
  options: [{ flags: "--names", summary: "Names only, one a line" }],
  examples: [
    ["belt ls", "All machines of the cluster in use"],
    ["belt ls 'node[1:4]' --json", "Four of them, with their nodes, as JSON"],
  ],
  json: "document",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const wanted = call.words.length > 0 ? new Set(parseRanges(call.words)) : undefined;
    const { machines } = await cluster.observe({ swarm: context.globals.json }, context.signal);
    const shown = machines.filter((view) => wanted?.has(view.name) ?? true);
    if (context.globals.json) printJson(context, { cluster: cluster.name, machines: shown.map(machineJson) });
    else if (call.flag("--names")) printText(context, shown.map((view) => `${view.name}\n`).join(""));
    else printText(context, table(["NAME", "IPv4", "MEMORY", "REGION", "IMAGE", "STATUS"], shown.map(row)));
    return exitCodes.done;
  },
};

function row(view: MachineView): readonly string[] {
  const { machine } = view;
  const address = machine?.publicAddress ?? machine?.privateAddress ?? "-";
  return [view.name, address, machine?.size || "-", machine?.region || "-", machine?.image || "-", statusWord(view)];
}
