import type { ScalePlan, ScaleTarget } from "../../cluster/scale-plan.ts";
import type { Cluster } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { parseNewNames } from "../../util/ranges.ts";
import type { CliContext } from "../context.ts";
import { exitCodes } from "../exit-code.ts";
import { showFileChange } from "../file-change.ts";
import { agreedByForce, force, moveLocalVolumes, noFile } from "../leniency.ts";
import { acceptedBy, acceptNoSpare, confirmNamed } from "../named-work.ts";
import { clusterName, openCluster } from "../open-cluster.ts";
import { printJson, say } from "../output.ts";
import { type Performed, perform } from "../perform.ts";
import { confirm } from "../prompt.ts";
import { scaleJson, scaleLines } from "../render/scale.ts";
import { meetRequirements } from "../requirements.ts";
import type { Call, Verb } from "../verb.ts";

/** Grows or shrinks groups. */
export const scale: Verb = {
  usage: "<group=number-or-range...>",
  details:
    "Writes the new size into the cluster file, shows the change, and acts: new machines first, then those that go, which are drained and out of the swarm before they are removed. New names go on behind the group's highest number; gaps stay. What goes is what is not ready, then what the file does not name, then what runs fewest tasks, then what has the highest number. Managers go one at a time, the leader last, and never below what the quorum bears.",
  options: [
    { flags: "--dry-run", summary: "Show what would change and stop" },
    noFile,
    { flags: "--replace-all", summary: "Agree that no machine of a group stays (--yes does not cover it)" },
    moveLocalVolumes,
    force,
    { flags: "--trace <file>", summary: "Write what took how long, for chrome://tracing or ui.perfetto.dev" },
  ],
  examples: [
    ["belt scale workers=30", "Thirty workers, however many there are now"],
    ["belt scale 'workers=node[1:30]'", "Exactly these"],
    ["belt scale managers=3 workers=5 --yes", "Two groups, asking nothing"],
    ["belt scale managers=1 --dry-run", "Who would go, and how many managers may still fail"],
  ],
  json: "lines",
  run: async (call, context) => {
    const targets = readTargets(call.words);
    if (call.flag("--dry-run")) {
      await using cluster = await openCluster(context);
      return await dryRun(context, cluster, { call, targets });
    }
    const name = await clusterName(context);
    return await perform(context, {
      traceFile: call.text("--trace"),
      run: async (emit) => {
        await using cluster = await context.library.open(name, emit);
        return await act(context, cluster, { call, targets });
      },
    });
  },
};

interface Order {
  readonly call: Call;
  readonly targets: readonly ScaleTarget[];
}

async function act(context: CliContext, cluster: Cluster, order: Order): Promise<Performed | number> {
  const { call } = order;
  const plan = await preview(context, cluster, order);
  await refuse(call, plan);
  if (!(await agreedToReplace(context, call, plan))) return exitCodes.declined;
  const going = plan.going.map(({ name }) => name);
  if (going.length > 0 && !(await confirmNamed(context, "Remove", going))) return exitCodes.declined;
  if (!(await acceptNoSpare(context, plan.guard))) return exitCodes.declined;
  if (plan.coming.length > 0 && !(await meetRequirements(context, cluster))) return exitCodes.declined;
  const leniency = {
    ...agreedByForce(call),
    ...acceptedBy(plan.guard),
    writesFile: !call.flag("--no-file"),
    replaceAll: plan.replaced.length > 0,
  };
  const words = {
    done: `Cluster ${cluster.name} has its new size`,
    unchanged: "Nothing changed: the groups have this size already",
    detailed: true,
    next: "belt status",
  };
  return { outcome: await cluster.scale(plan, leniency, context.signal), words };
}

async function agreedToReplace(context: CliContext, call: Call, { replaced }: ScalePlan): Promise<boolean> {
  if (replaced.length === 0 || call.flag("--replace-all")) return true;
  const what = `every machine of ${replaced.join(" and ")}`;
  return await confirm(context, {
    ...{ text: `Replace ${what}?`, what: `replacing ${what}`, flag: "--replace-all" },
    isOwn: true,
  });
}

/** Shows what would change. What a guard refuses ends as it would without the flag. */
async function dryRun(context: CliContext, cluster: Cluster, order: Order): Promise<number> {
  const plan = await preview(context, cluster, order);
  if (context.globals.json) printJson(context, scaleJson(cluster.name, plan));
  else if (plan.coming.length + plan.going.length === 0) say(context, "No machine comes or goes.");
  await refuse(order.call, plan);
  return exitCodes.done;
}

async function preview(context: CliContext, cluster: Cluster, { call, targets }: Order): Promise<ScalePlan> {
  const plan = await cluster.planScale(targets, context.signal);
  if (!call.flag("--no-file")) showFileChange(context, plan.file.change);
  for (const line of scaleLines(plan)) say(context, line);
  return plan;
}

/** What cannot be answered with yes is not asked. @throws BeltError `guard.quorum`, `guard.data` */
async function refuse(call: Call, { guard, bound }: ScalePlan): Promise<void> {
  const [{ enforce }, { refuseBound }] = await Promise.all([
    import("../../cluster/guards.ts"),
    import("../../cluster/data-guard.ts"),
  ]);
  enforce(guard, true);
  if (!call.flag("--move-local-volumes")) refuseBound(bound);
}

function readTargets(words: readonly string[]): readonly ScaleTarget[] {
  const targets = words.map(readTarget);
  const twice = targets.find(({ group }, index) => targets.findIndex((other) => other.group === group) < index);
  if (twice !== undefined)
    throw new BeltError("usage.invalid", `the group ${twice.group} gets two sizes`, { hint: "Say one of them." });
  if (targets.length > 0) return targets;
  throw new BeltError("usage.invalid", "say which group gets which size", { hint: "belt scale workers=5" });
}

/** `workers=30`, `workers=node[1:30]`. */
function readTarget(word: string): ScaleTarget {
  const equals = word.indexOf("=");
  const [group, value] = [word.slice(0, equals), word.slice(equals + 1)];
  if (equals < 1 || value === "")
    throw new BeltError("usage.invalid", `"${word}" is not a group and its new size`, {
      hint: "Write belt scale workers=5, or belt scale 'workers=node[1:5]'.",
    });
  if (/^\d+$/.test(value)) return { group, to: { count: Number(value) } };
  // A mistyped count would else name one machine, for which all others go.
  if (value !== value.trim() || /^\d[^[{.,]*$/.test(value))
    throw new BeltError("usage.invalid", `"${value}" is neither a number of machines nor a range of names`, {
      hint: `Write belt scale ${group}=5, or name the machines: belt scale '${group}=node[1:5]'.`,
    });
  return { group, to: { names: parseNewNames(value) } };
}
