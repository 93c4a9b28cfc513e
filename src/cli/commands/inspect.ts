import type { Cluster, MachineView } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { parseRanges } from "../../util/ranges.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { limitsOf } from "../host-limits.ts";
import { machineJson, managerStatus } from "../machine-json.ts";
import { openCluster } from "../open-cluster.ts";
import { printJson, printText } from "../output.ts";
import { journalText } from "../render/journal.ts";
import { pickMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** Prints all that the provider and the swarm know about machines. */
export const inspect: Verb = {
  usage: "[range...]",
  options: [{ flags: "--journal", summary: "Print what was done to the cluster, as the journal has it" }],
  examples: [
    ["belt inspect node2", "One machine and its node"],
    ["belt inspect 'node[1:4]'", "Four of them"],
    ["belt inspect --journal", "What was done, when, by whom, and how it ended"],
  ],
  json: "document",
  completes: "machines",
  run: async (call, context) => {
    await using cluster = await openCluster(context);
    if (call.flag("--journal")) return showJournal(context, cluster);
    if (call.words.length === 0) throw nothingNamed();
    const { machines, swarmError } = await cluster.observe({ swarm: true }, context.signal);
    const views = pickMachines(cluster.name, machines, parseRanges(call.words));
    const limits = await Promise.all(views.map((view) => limitsOf(context, cluster, view)));
    const details = views.map((view, index) => ({
      ...machineJson(view),
      ...standingOf(cluster, view),
      user: view.machine?.user ?? null,
      port: view.machine?.port ?? null,
      labels: view.node?.labels ?? {},
      managerStatus: view.node === undefined ? null : (managerStatus(view.node) ?? null),
      reason: view.machine?.state.kind === "failed" ? view.machine.state.reason : null,
      limits: limits[index] ?? null,
    }));
    printJson(context, { cluster: cluster.name, machines: details, swarmError: swarmError ?? null });
    return exitCodes.done;
  },
};

function standingOf(cluster: Cluster, view: MachineView): Readonly<Record<string, unknown>> {
  const { state, lastFailure } = cluster.standing(view);
  const { at, phase, code } = lastFailure ?? {};
  return { nodeState: state, lastFailure: lastFailure ? { at, phase, code } : null };
}

function showJournal(context: CliContext, cluster: Cluster): number {
  const records = cluster.journal();
  if (context.globals.json) printJson(context, { cluster: cluster.name, journal: records });
  else printText(context, journalText(records));
  return exitCodes.done;
}

function nothingNamed(): BeltError {
  return new BeltError("usage.invalid", "say which machines, or --journal", {
    hint: "belt inspect node1, or belt inspect --journal",
  });
}
