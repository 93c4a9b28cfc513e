import type { Plan } from "../../cluster/types.ts";
import { aimAt } from "../aim.ts";
import { describeCluster } from "../describe-cluster.ts";
import { exitCodes } from "../exit-code.ts";
import { notesTo } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
import { writePlan } from "../plan-file.ts";
import { guardLines } from "../render/guard.ts";
import { planJson, planText } from "../render/plan.ts";
import type { Verb } from "../verb.ts";

/** What `up` would do; it changes nothing. */
export const plan: Verb = {
  usage: "[file-or-template]",
  options: [
    {
      flags: "--set <key=value>",
      summary: "Fill a variable of the file, or set a key of it (repeatable)",
      repeatable: true,
    },
    { flags: "--detailed-exit-code", summary: "End with code 10 when up would change something" },
    { flags: "--out <file>", summary: "Write the plan too, for belt up --plan" },
  ],
  examples: [
    ["belt plan", "For ./cluster.yml, or for the cluster in use"],
    ["belt plan shop.yml --detailed-exit-code", "For a script that acts on drift"],
    ["belt plan --out plan.json", "To be looked through, and done as it is with belt up --plan plan.json"],
  ],
  json: "document",
  completes: "templates",
  run: async (call, context) => {
    const { target, why } = await aimAt(context, call.words[0], true);
    const description = { target, sets: call.list("--set") };
    await using cluster = await context.library.openDescribed(description, notesTo(context));
    say(context, describeCluster(cluster, why));
    const plan = await cluster.plan({}, context.signal);
    const file = call.text("--out");
    if (file !== undefined) await writePlan(context, file, cluster, plan);
    if (context.globals.json) printJson(context, planJson(cluster.name, plan));
    else printText(context, [planText(plan), ...guardLines(plan.disturbs.guard)].join("\n"));
    return call.flag("--detailed-exit-code") && hasChanges(plan) ? exitCodes.changes : exitCodes.done;
  },
};

/** Also where `up` would first make a host ready for machines. */
function hasChanges({ changes, findings }: Plan): boolean {
  return changes.length > 0 || findings.some(({ byUp }) => byUp);
}
