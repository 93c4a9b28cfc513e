import { idsOf } from "../cluster/shown.ts";
import type { Cluster, MachineView } from "../cluster/types.ts";
import { parseRanges } from "../util/ranges.ts";
import type { CliContext } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { showFileChange } from "./file-change.ts";
import { agreedByForce } from "./leniency.ts";
import { confirmNamed, settleGuard } from "./named-work.ts";
import { clusterName } from "./open-cluster.ts";
import { say } from "./output.ts";
import { perform } from "./perform.ts";
import { pickMachines } from "./select-machines.ts";
import { tellShortages } from "./tell-shortages.ts";
import { count } from "./units.ts";
import type { Call } from "./verb.ts";

/** How a removal is called: machines are removed, hosts released. */
export interface RemovalWords {
  readonly doing: string;
  readonly ask: string;
  readonly done: string;
  readonly thing: string;
  /** Refuses machines that the verb is not for. */
  readonly refuse?: (views: readonly MachineView[], present: readonly string[]) => void;
}

/** Takes machines out of the cluster by name: out of its file, out of the swarm, away; asked about and guarded. */
export async function removeByName(call: Call, context: CliContext, verb: RemovalWords): Promise<number> {
  const named = parseRanges(call.words);
  const name = await clusterName(context);
  return await perform(context, {
    run: async (emit) => {
      await using cluster = await context.library.open(name, emit);
      const { machines } = await cluster.observe({ swarm: false }, context.signal);
      const present = presentOf(cluster, machines, named);
      verb.refuse?.(machines, present);
      const file = call.flag("--no-file") ? undefined : await cluster.editFile({ kind: "remove", names: named });
      if (file) showFileChange(context, file.change);
      say(context, `${verb.doing} ${count(present.length, verb.thing)} of cluster ${name}: ${present.join(" ")}`);
      await tellShortages(context, cluster, { names: present, emit });
      if (present.length > 0 && !(await confirmNamed(context, verb.ask, present))) return exitCodes.declined;
      const accepted = await settleGuard(context, cluster, "remove", present);
      if (!accepted) return exitCodes.declined;
      const words = {
        done: `${verb.done} ${count(present.length, verb.thing)}`,
        unchanged: `Nothing changed: the ${verb.thing}s are gone already`,
        detailed: false,
        next: "belt ls",
      };
      const leniency = { ...agreedByForce(call), ...accepted, shown: idsOf(machines) };
      return { outcome: await cluster.remove(present, leniency, file, context.signal), words };
    },
  });
}

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
