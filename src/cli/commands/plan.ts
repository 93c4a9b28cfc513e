import type { Plan } from "../../cluster/types.ts";
import { describeCluster, findTarget } from "../describe-cluster.ts";
import { exitCodes } from "../exit-code.ts";
import { quiet } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
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
  ],
  examples: [
    ["belt plan", "For ./cluster.yml, or for the template quickstart"],
    ["belt plan shop.yml --detailed-exit-code", "For a script that acts on drift"],
  ],
  json: "document",
  completes: "templates",
  run: async (call, context) => {
    const description = { target: await findTarget(context, call.words[0]), sets: call.list("--set") };
    await using cluster = await context.library.openDescribed(description, quiet);
    say(context, describeCluster(cluster));
    const plan = await cluster.plan({}, context.signal);
    if (context.globals.json) printJson(context, planJson(cluster.name, plan));
    else printText(context, planText(plan));
    return call.flag("--detailed-exit-code") && hasChanges(plan) ? exitCodes.changes : exitCodes.done;
  },
};

/** Also where `up` would first make a host ready for machines. */
function hasChanges({ changes, findings }: Plan): boolean {
  return changes.length > 0 || findings.some(({ byUp }) => byUp);
}
