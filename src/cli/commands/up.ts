import type { Agreement } from "../../cluster/agreement.ts";
import type { Cluster, Plan } from "../../cluster/types.ts";
import { acceptNewKeys } from "../accept-new.ts";
import { aimAt } from "../aim.ts";
import type { CliContext } from "../context.ts";
import { describeCluster } from "../describe-cluster.ts";
import { exitCodes } from "../exit-code.ts";
import { agreed, allowRemove, moveLocalVolumes } from "../leniency.ts";
import type { Description } from "../library.ts";
import { notesTo } from "../open-cluster.ts";
import { printJson, printText, say } from "../output.ts";
import { type Performed, perform } from "../perform.ts";
import { agreementTo, readPlan } from "../plan-file.ts";
import { confirm } from "../prompt.ts";
import { agreedToRemoval } from "../removal.ts";
import { planJson, planText } from "../render/plan.ts";
import { meetRequirements } from "../requirements.ts";
import { agreedToRestarts } from "../restarts.ts";
import { count } from "../units.ts";
import type { Call, Verb } from "../verb.ts";

/** The one command: from a cluster file, or from nothing, to a verified swarm. */
export const up: Verb = {
  usage: "[file-or-template]",
  details:
    "Without an argument: ./cluster.yml or the cluster.yml beside .belt, else the cluster in use; where there is none yet, the built-in template quickstart, which makes one manager and two workers on this host. The cluster is in use from then on. Safe to run again: what is as the file says is left alone, and what was cut short goes on.",
  options: [
    { flags: "--dry-run", summary: "Show the plan and stop" },
    allowRemove,
    moveLocalVolumes,
    {
      flags: "--set <key=value>",
      summary: "Fill a variable of the file, or set a key of it (repeatable)",
      repeatable: true,
    },
    {
      flags: "--unset <key>",
      summary: "Forget what an earlier up was given for this key (repeatable)",
      repeatable: true,
    },
    { flags: "--plan <file>", summary: "Do what belt plan --out wrote there, and nothing beyond it" },
    { flags: "--accept-new", summary: "Accept host keys missing from known_hosts" },
    { flags: "--trace <file>", summary: "Write what took how long, for chrome://tracing or ui.perfetto.dev" },
  ],
  examples: [
    ["belt up", "./cluster.yml, or the cluster in use, or one manager and two workers on this host"],
    ["belt up ha --yes", "A built-in template, asking nothing"],
    ["belt up shop.yml --set region=sgp1", "Another file, with a value for its variable region"],
    ["belt up --dry-run", "What it would do"],
    ["belt up --allow-remove", "Also remove machines that the file names no more"],
    ["belt up --plan plan.json", "What was looked through in a plan, asking nothing more"],
  ],
  json: "lines",
  completes: "templates",
  run: async (call, context) => {
    const { target, why } = await aimAt(context, call.words[0], true);
    const description = { target, sets: call.list("--set"), unset: call.list("--unset") };
    if (call.flag("--dry-run")) {
      await using cluster = await context.library.openDescribed(description, notesTo(context));
      return await dryRun(context, cluster, why);
    }
    return await perform(context, {
      traceFile: call.text("--trace"),
      run: async (emit) => {
        await using cluster = await context.library.openDescribed(description, emit);
        return await bringUp(context, cluster, { call, description, why });
      },
    });
  },
};

async function bringUp(
  context: CliContext,
  cluster: Cluster,
  {
    call,
    description,
    why,
  }: { readonly call: Call; readonly description: Description; readonly why: string | undefined },
): Promise<Performed | number> {
  say(context, describeCluster(cluster, why));
  if (!(await meetRequirements(context, cluster))) return exitCodes.declined;
  const plan = await cluster.plan({ checked: true }, context.signal);
  const file = call.text("--plan");
  const agreement =
    file === undefined ? await ask(context, cluster, { call, plan }) : await readPlan(context, file, cluster, plan);
  if (!agreement) return exitCodes.declined;
  if (call.flag("--accept-new")) await acceptNewKeys(context, cluster, { description, changes: plan.changes });
  const words = {
    done: `Cluster ${cluster.name} is up`,
    unchanged: `Nothing changed: cluster ${cluster.name} is as its file says`,
    detailed: true,
    next: "belt docker node ls",
  };
  return {
    outcome: await cluster.up({ ...agreed(call), agreed: agreement }, context.signal),
    words,
  };
}

/** Shows what disturbs and asks for it, then for what is made. */
async function ask(
  context: CliContext,
  cluster: Cluster,
  { call, plan }: { readonly call: Call; readonly plan: Plan },
): Promise<Agreement | undefined> {
  if (!(await agreedToRemoval(context, { call, plan }))) return undefined;
  if (!(await agreedToRestarts(context, cluster, plan.changes))) return undefined;
  const made = plan.changes.filter((change) => change.action === "create").length;
  const machines = count(made, "machine");
  const question = { text: `Create ${machines}?`, what: `creating ${machines}`, flag: "--yes" };
  return made === 0 || (await confirm(context, question)) ? agreementTo(plan) : undefined;
}

async function dryRun(context: CliContext, cluster: Cluster, why: string | undefined): Promise<number> {
  say(context, describeCluster(cluster, why));
  const plan = await cluster.plan({}, context.signal);
  if (context.globals.json) printJson(context, planJson(cluster.name, plan));
  else printText(context, planText(plan));
  return exitCodes.done;
}
