import { parseRanges } from "../../util/ranges.ts";
import { findSwarmJoin } from "../docker/arguments.ts";
import { joinThroughApi } from "../docker/join.ts";
import { dockerOnMany } from "../docker/many.ts";
import { dockerOnOne } from "../docker/one.ts";
import { openCluster } from "../open-cluster.ts";
import { selectMachines } from "../select-machines.ts";
import type { Verb } from "../verb.ts";

/** The docker command on an engine of the cluster. */
export const docker: Verb = {
  usage: "ARGS...",
  details:
    "Where there is a docker command here, it runs here, through a tunnel to the engine, so that files, builds and terminals mean what they always mean; else the machine's own runs, over SSH. Every word after docker goes to it untouched. It talks to the active node (belt active), or to each machine of belt --host RANGE docker. The token of a swarm join typed here travels through the Engine API only.",
  options: [],
  examples: [
    ["belt docker node ls", "On the active node"],
    ["belt docker stack deploy -c stack.yml web", "With a file that lies here"],
    ["belt --host 'node[1:3]' docker pull nginx", "On three machines, lines prefixed by name"],
    ["belt --host 'mg[1:2]' docker swarm join --token T IP:2377", "Joins them; on the machines T is in no argument"],
  ],
  json: "none",
  rest: "everything",
  run: async (call, context) => {
    const args = call.rest ?? [];
    await using cluster = await openCluster(context);
    const { hosts } = context.globals;
    const names =
      hosts.length > 0
        ? (await selectMachines(cluster, parseRanges(hosts), context.signal)).map((view) => view.name)
        : [await cluster.activeNode(context.signal)];
    const join = findSwarmJoin(args);
    if (join) return await joinThroughApi(context, cluster, { names, join });
    const [only = ""] = names;
    if (names.length === 1) return await dockerOnOne(context, cluster, { name: only, args });
    return await dockerOnMany(context, cluster, { names, args });
  },
};
