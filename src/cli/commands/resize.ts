import { BeltError } from "../../util/errors.ts";
import { quoteCommand } from "../../util/shell.ts";
import { showFileChange } from "../file-change.ts";
import { agreed, moveLocalVolumes, noFile } from "../leniency.ts";
import { workOnNamed } from "../named-work.ts";
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
    return await workOnNamed(context, {
      ranges: [range],
      doing: `Resizing to ${size}:`,
      guard: "resize",
      words: (names) => ({
        done: `Resized ${count(names.length, "machine")}`,
        unchanged: "Nothing changed: the machines have this size already",
        detailed: false,
        next: "belt ls",
      }),
      run: async (cluster, names) => {
        const file = call.flag("--no-file") ? undefined : await cluster.editFile({ kind: "size", names, size });
        if (file) showFileChange(context, file.change);
        return await cluster.resize({ ...agreed(call), names, size }, file, context.signal);
      },
    });
  },
};

function badOrder(range: string, size: string): BeltError {
  const hint = quoteCommand(["belt", "resize", size, range]);
  return new BeltError("usage.invalid", "the machines come first, then their new size", { hint });
}
