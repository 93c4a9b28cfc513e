import type { Cluster, MachineView } from "../../cluster/types.ts";
import { parseRanges } from "../../util/ranges.ts";
import { exitCodes } from "../exit-code.ts";
import { showFileChange } from "../file-change.ts";
import { agreedByForce, force, moveLocalVolumes, noFile } from "../leniency.ts";
import { confirmNamed, settleGuard } from "../named-work.ts";
import { clusterName } from "../open-cluster.ts";
import { say } from "../output.ts";
import { perform } from "../perform.ts";
import { pickMachines } from "../select-machines.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Removes machines by name. */
export const rm: Verb = {
  usage: "<range...>",
  details:
    "Takes them out of the cluster file, shows the change, and acts. Machines that are in the swarm leave it first: drained, demoted if they are managers, gone from the swarm, then removed. Managers go one at a time, the leader last, and not while the swarm needs them. Tasks that keep data on a machine keep it from being removed.",
  options: [noFile, moveLocalVolumes, force],
  examples: [
    ["belt rm 'node[3:4]'", "Two machines, after a confirmation"],
    ["belt rm node4 --yes", "One machine, asking nothing"],
    ["belt rm node4 --no-file", "The machine only: the next belt up makes it again"],
  ],
  json: "lines",
  completes: "machines",
  run: async (call, context) => {
    const named = parseRanges(call.words);
    const name = await clusterName(context);
    return await perform(context, {
      run: async (emit) => {
        await using cluster = await context.library.open(name, emit);
        const { machines } = await cluster.observe({ swarm: false }, context.signal);
        const present = presentOf(cluster, machines, named);
        const file = call.flag("--no-file") ? undefined : await cluster.editFile({ kind: "remove", names: named });
        if (file) showFileChange(context, file.change);
        say(context, `Removing ${count(present.length, "machine")} of cluster ${name}: ${present.join(" ")}`);
        if (present.length > 0 && !(await confirmNamed(context, "Remove", present))) return exitCodes.failed;
        if (!(await settleGuard(context, cluster, "remove", present))) return exitCodes.failed;
        const words = {
          done: `Removed ${count(present.length, "machine")}`,
          unchanged: "Nothing changed: the machines are gone already",
          detailed: false,
          next: "belt ls",
        };
        return { outcome: await cluster.remove(present, agreedByForce(call), file, context.signal), words };
      },
    });
  },
};

/** Those of the named machines that are there. What the file or the journal knows and is gone is no mistake: it was removed before. */
function presentOf(cluster: Cluster, views: readonly MachineView[], named: readonly string[]): readonly string[] {
  const there = new Set(views.filter(({ machine }) => machine !== undefined).map((view) => view.name));
  const made = cluster
    .journal()
    .flatMap((record) => (record.kind === "intent" && record.operation === "create" ? [record.on] : []));
  const known = new Set([...made, ...cluster.spec.machines.map((machine) => machine.name)]);
  const unknown = named.filter((name) => !there.has(name) && !known.has(name));
  if (unknown.length > 0) pickMachines(cluster.name, views, unknown);
  return named.filter((name) => there.has(name));
}
