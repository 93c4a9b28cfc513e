import { naturalCompare } from "../../util/natural-compare.ts";
import { exitCodes } from "../exit-code.ts";
import { managerStatus, nodeJson } from "../machine-json.ts";
import { openCluster } from "../open-cluster.ts";
import { printJson, printText } from "../output.ts";
import { type SwarmView, viewSwarm } from "../swarm-manager.ts";
import { table } from "../table.ts";
import type { Verb } from "../verb.ts";

/** Lists the nodes as a manager sees them. */
export const swarmStatus: Verb = {
  usage: "",
  options: [],
  examples: [["belt swarm status", "Every node with its role, status and engine"]],
  json: "document",
  run: async (_call, context) => {
    await using cluster = await openCluster(context);
    const swarm = await viewSwarm(cluster, context.signal);
    const nodes = rowsOf(swarm);
    if (context.globals.json)
      printJson(context, { cluster: cluster.name, seenBy: swarm.manager, nodes: nodes.map(({ json }) => json) });
    else
      printText(
        context,
        table(
          ["NAME", "ROLE", "STATUS", "AVAILABILITY", "MANAGER", "ENGINE", "ID"],
          nodes.map(({ cells }) => cells),
        ),
      );
    return exitCodes.done;
  },
};

function rowsOf(swarm: SwarmView): readonly { readonly cells: readonly string[]; readonly json: object }[] {
  const named = swarm.nodes.map((node) => ({ node, name: swarm.machineOf.get(node.id)?.name ?? node.hostname }));
  const sorted = named.sort((a, b) => a.node.role.localeCompare(b.node.role) || naturalCompare(a.name, b.name));
  return sorted.map(({ node, name }) => ({
    cells: [name, node.role, node.status, node.availability, managerStatus(node) ?? "", node.engineVersion, node.id],
    json: {
      name,
      role: node.role,
      ...nodeJson(node),
      managerStatus: managerStatus(node) ?? null,
      labels: node.labels,
      address: node.address,
    },
  }));
}
