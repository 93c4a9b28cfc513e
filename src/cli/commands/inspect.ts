import { parseRanges } from "../../util/ranges.ts";
import { exitCodes } from "../exit-code.ts";
import { machineJson, managerStatus } from "../machine-json.ts";
import { openCluster } from "../open-cluster.ts";
import { printJson } from "../output.ts";
import { pickMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** Prints all that the provider and the swarm know about machines. */
export const inspect: Verb = {
  usage: "<range...>",
  options: [],
  examples: [
    ["belt inspect node2", "One machine and its node"],
    ["belt inspect 'node[1:4]'", "Four of them"],
  ],
  json: "document",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    const { machines, swarmError } = await cluster.observe({ swarm: true }, context.signal);
    const views = pickMachines(cluster.name, machines, parseRanges(call.words));
    const details = views.map((view) => ({
      ...machineJson(view),
      user: view.machine?.user ?? null,
      port: view.machine?.port ?? null,
      labels: view.node?.labels ?? {},
      managerStatus: view.node === undefined ? null : (managerStatus(view.node) ?? null),
      reason: view.machine?.state.kind === "failed" ? view.machine.state.reason : null,
    }));
    printJson(context, { cluster: cluster.name, machines: details, swarmError: swarmError ?? null });
    return exitCodes.done;
  },
};
