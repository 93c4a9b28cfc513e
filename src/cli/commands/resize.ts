import { BeltError } from "../../util/errors.ts";
import { quoteCommand } from "../../util/shell.ts";
import { exitCodes } from "../exit-code.ts";
import { showFileChange } from "../file-change.ts";
import { agreed, moveLocalVolumes, noFile } from "../leniency.ts";
import { settleGuard } from "../named-work.ts";
import { clusterName } from "../open-cluster.ts";
import { say } from "../output.ts";
import { perform } from "../perform.ts";
import { selectMachines } from "../select-machines.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Gives machines another size. */
export const resize: Verb = {
  usage: "<range> <size>",
  details:
    "Writes the size into the cluster file, shows the change, and acts. On local, sizes are limits and change while a machine runs. Where a provider has to stop a machine for it, its node is drained before and put back after; managers go one at a time, under the quorum guard.",
  options: [noFile, moveLocalVolumes],
  examples: [
    ["belt resize node3 2gb", "One machine"],
    ["belt resize 'node[1:4]' 2cpu-4gb --yes", "Four of them, asking nothing"],
  ],
  json: "lines",
  completes: "machines",
  run: async (call, context) => {
    const [range = "", size = ""] = call.words;
    if (/[[\]{}]|\.\./.test(size)) throw badOrder(range, size);
    const name = await clusterName(context);
    return await perform(context, {
      run: async (emit) => {
        await using cluster = await context.library.open(name, emit);
        const names = (await selectMachines(cluster, [range], context.signal)).map((view) => view.name);
        const machines = count(names.length, "machine");
        const file = call.flag("--no-file") ? undefined : await cluster.editFile({ kind: "size", names, size });
        if (file) showFileChange(context, file.change);
        say(context, `Resizing to ${size}: ${machines} of cluster ${name}: ${names.join(" ")}`);
        const accepted = await settleGuard(context, cluster, "resize", names);
        if (!accepted) return exitCodes.declined;
        const words = {
          done: `Resized ${machines}`,
          unchanged: "Nothing changed: the machines have this size already",
          detailed: false,
          next: "belt ls",
        };
        return {
          outcome: await cluster.resize({ ...agreed(call), ...accepted, names, size }, file, context.signal),
          words,
        };
      },
    });
  },
};

function badOrder(range: string, size: string): BeltError {
  const hint = quoteCommand(["belt", "resize", size, range]);
  return new BeltError("usage.invalid", "the machines come first, then their new size", { hint });
}
