import type { HostEntry } from "../hosts.ts";
import type { Machine, MachineState } from "../provider.ts";
import type { TakenHost } from "./memory.ts";
import { wayTo } from "./way.ts";

/** The name of this provider, on every machine. */
export const providerName = "ssh";

/** A host that was taken, as everybody else sees it. What the cluster file says now of the way to it goes before what it said then. */
export function takenMachine(host: TakenHost, entry: HostEntry | undefined, state: MachineState): Machine {
  const { name, id, clusterId, clusterName, createdAt, specHash, hostKey, user } = host;
  const way = entry ? wayTo(entry) : { address: host.address, user: undefined, port: host.port, jump: host.jump };
  return {
    ...{ id, name, clusterId, clusterName, createdAt, specHash, hostKey, user, state },
    ...{ provider: providerName, group: entry?.group ?? host.group, size: "", region: "", image: "" },
    publicAddress: host.publicAddress,
    privateAddress: entry?.privateAddress ?? host.privateAddress,
    port: way.port ?? host.port,
    given: { way, taken: true, node: entry?.node, hostname: host.hostname, jump: way.jump ?? host.jump },
  };
}
