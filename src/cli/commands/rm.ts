import { force, moveLocalVolumes, noFile } from "../leniency.ts";
import { removeByName } from "../remove-named.ts";
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
  run: async (call, context) =>
    await removeByName(call, context, { doing: "Removing", ask: "Remove", done: "Removed", thing: "machine" }),
};
