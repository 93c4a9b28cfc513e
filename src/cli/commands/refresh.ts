import { healthLine, isHealthy } from "../../cluster/swarm-health.ts";
import type { Cluster } from "../../cluster/types.ts";
import { compressNames } from "../../util/ranges.ts";
import { aimAt } from "../aim.ts";
import type { CliContext } from "../context.ts";
import { describeCluster } from "../describe-cluster.ts";
import { exitCodes } from "../exit-code.ts";
import { notesTo } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
import { findingsText } from "../render/plan.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Brings what beltkit remembers in line with the world. */
export const refresh: Verb = {
  usage: "[file-or-template]",
  details:
    "For a journal that was lost or is behind: the providers are asked for the machines of this cluster, the swarm for its nodes, and what does not fit is listed with one way to mend it. Nothing but the journal is changed.",
  options: [{ flags: "--id <id>", summary: "Which cluster, where there are several of this name" }],
  examples: [
    ["belt refresh", "For ./cluster.yml, or for the cluster in use"],
    ["belt refresh --cluster shop", "For a cluster by its name"],
  ],
  json: "document",
  completes: "templates",
  run: async (call, context) => {
    const { target, why } = await aimAt(context, call.words[0], true);
    const description = { target, sets: [] };
    await context.library.recover(description, call.text("--id"), context.signal);
    await using cluster = await context.library.openDescribed(description, notesTo(context));
    say(context, describeCluster(cluster, why));
    const { kind } = await cluster.refresh(context.signal);
    await show(context, cluster, kind === "unchanged");
    return exitCodes.done;
  },
};

async function show(context: CliContext, cluster: Cluster, unchanged: boolean): Promise<void> {
  const { machines, nodes, swarmError } = await cluster.observe({ swarm: true }, context.signal);
  const { findings, swarm: health } = await cluster.plan({ checked: true }, context.signal);
  const present = machines.filter(({ machine }) => machine !== undefined).map(({ name }) => name);
  if (context.globals.json) {
    printJson(context, {
      cluster: cluster.name,
      id: cluster.id,
      machines: present,
      findings,
      swarm: health,
      swarmError: swarmError ?? null,
    });
    return;
  }
  const which = present.length === 0 ? "" : ` (${compressNames(present)})`;
  const swarm = nodes === undefined ? `the swarm was not asked: ${swarmError}` : count(nodes.length, "node");
  say(context, unchanged ? "The journal was right already." : "The journal is as the world is now.");
  printText(context, `${count(present.length, "machine")}${which}, ${swarm}\n`);
  if (!isHealthy(health)) printText(context, `${healthLine(health)}\n`);
  else if (findings.length === 0) printText(context, "Everything fits.\n");
  if (findings.length > 0) printText(context, findingsText(findings));
}
