import type { MachineView } from "../../cluster/types.ts";
import { BeltError } from "../../util/errors.ts";
import { compressNames } from "../../util/ranges.ts";
import { force, moveLocalVolumes, noFile } from "../leniency.ts";
import { removeByName } from "../remove-named.ts";
import type { Verb } from "../verb.ts";

/** Gives hosts back that existed before the cluster. */
export const release: Verb = {
  usage: "<range...>",
  details:
    "Takes hosts out of the cluster file, shows the change, and acts. Those that are in the swarm leave it first, under the same guards as with rm. Then what beltkit did on them is undone: certificates, its keys of daemon.json, the engine's TLS endpoint, the keys that may log in, its marker. Docker Engine stays installed, with its packages held; names, containers and volumes stay. An engine with running containers is not restarted: it goes by its own configuration from its next start on.",
  options: [noFile, moveLocalVolumes, force],
  examples: [
    ["belt release box3", "One host, after a confirmation"],
    ["belt release 'node[3:4]' --yes", "Two hosts, asking nothing"],
  ],
  json: "lines",
  completes: "machines",
  run: async (call, context) =>
    await removeByName(call, context, {
      ...{ doing: "Releasing", ask: "Release", done: "Released", thing: "host" },
      refuse: refuseMade,
    }),
};

function refuseMade(views: readonly MachineView[], present: readonly string[]): void {
  const made = views.filter(({ name, machine }) => present.includes(name) && machine && !machine.given);
  if (made.length === 0) return;
  const names = compressNames(made.map(({ name }) => name));
  throw new BeltError("usage.invalid", `${names} did not exist before the cluster: it can only be removed`, {
    hint: `belt rm ${names}`,
  });
}
