import { agreed, moveLocalVolumes } from "../leniency.ts";
import { workOnNamed } from "../named-work.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Removes machines by name. */
export const rm: Verb = {
  usage: "<range...>",
  details:
    "Machines that are in the swarm leave it first: drained, demoted if they are managers, gone from the swarm, then removed. Managers go one at a time, the leader last, and not while the swarm needs them. Tasks that keep data on a machine keep it from being removed.",
  options: [moveLocalVolumes],
  examples: [
    ["belt rm 'node[3:4]'", "Two machines, after a confirmation"],
    ["belt rm node4 --yes", "One machine, asking nothing"],
  ],
  json: "lines",
  completes: "machines",
  run: async (call, context) =>
    await workOnNamed(context, {
      ranges: call.words,
      doing: "Removing",
      ask: "Remove",
      guard: "remove",
      words: (names) => ({
        done: `Removed ${count(names.length, "machine")}`,
        unchanged: "Nothing changed: the machines are gone already",
        detailed: false,
        next: "belt ls",
      }),
      run: async (cluster, names) => await cluster.remove(names, agreed(call), context.signal),
    }),
};
