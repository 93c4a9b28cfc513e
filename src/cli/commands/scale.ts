import type { ScaleTarget } from "../../cluster/scale.ts";
import { BeltError } from "../../util/errors.ts";
import { parseRange } from "../../util/ranges.ts";
import { exitCodes } from "../exit-code.ts";
import { showFileChange } from "../file-change.ts";
import { agreedByForce, force, moveLocalVolumes, noFile } from "../leniency.ts";
import { askGuard, confirmNamed } from "../named-work.ts";
import { clusterName } from "../open-cluster.ts";
import { say } from "../output.ts";
import { perform } from "../perform.ts";
import { scaleLines } from "../render/scale.ts";
import { meetRequirements } from "../requirements.ts";
import type { Verb } from "../verb.ts";

/** Grows or shrinks groups. */
export const scale: Verb = {
  usage: "<group=number-or-range...>",
  details:
    "Writes the new size into the cluster file, shows the change, and acts: new machines first, then those that go, which are drained and out of the swarm before they are removed. What goes is what is not ready, then what runs fewest tasks, then what has the highest number. Managers go one at a time, the leader last, and never below what the quorum bears.",
  options: [
    { flags: "--dry-run", summary: "Show what would change and stop" },
    noFile,
    moveLocalVolumes,
    force,
    { flags: "--trace <file>", summary: "Write what took how long, for chrome://tracing or ui.perfetto.dev" },
  ],
  examples: [
    ["belt scale workers=30", "Thirty workers, however many there are now"],
    ["belt scale 'workers=node[1:30]'", "Exactly these"],
    ["belt scale managers=3 workers=5 --yes", "Two groups, asking nothing"],
  ],
  json: "lines",
  run: async (call, context) => {
    const targets = call.words.map(readTarget);
    if (targets.length === 0) throw noTarget();
    const name = await clusterName(context);
    return await perform(context, {
      traceFile: call.text("--trace"),
      run: async (emit) => {
        await using cluster = await context.library.open(name, emit);
        const plan = await cluster.planScale(targets, context.signal);
        const going = plan.going.map((choice) => choice.name);
        if (!call.flag("--no-file")) showFileChange(context, plan.file.change);
        for (const line of scaleLines(plan)) say(context, line);
        if (call.flag("--dry-run")) return exitCodes.done;
        if (going.length > 0 && !(await confirmNamed(context, "Remove", going))) return exitCodes.failed;
        if (!(await askGuard(context, plan.guard))) return exitCodes.failed;
        if (plan.coming.length > 0 && !(await meetRequirements(context, cluster))) return exitCodes.failed;
        const leniency = { ...agreedByForce(call), writesFile: !call.flag("--no-file") };
        const words = {
          done: `Cluster ${name} has its new size`,
          unchanged: "Nothing changed: the groups have this size already",
          detailed: true,
          next: "belt status",
        };
        return { outcome: await cluster.scale(plan, leniency, context.signal), words };
      },
    });
  },
};

/** `workers=30`, `workers=node[1:30]`. */
function readTarget(word: string): ScaleTarget {
  const equals = word.indexOf("=");
  const [group, value] = [word.slice(0, equals), word.slice(equals + 1)];
  if (equals < 1 || value === "")
    throw new BeltError("usage.invalid", `"${word}" is not a group and its new size`, {
      hint: "Write belt scale workers=5, or belt scale 'workers=node[1:5]'.",
    });
  if (/^\d+$/.test(value)) return { group, to: { count: Number(value) } };
  return { group, to: { names: parseRange(value) } };
}

function noTarget(): BeltError {
  return new BeltError("usage.invalid", "say which group gets which size", { hint: "belt scale workers=5" });
}
