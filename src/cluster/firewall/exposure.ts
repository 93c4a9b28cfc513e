import type { Machine } from "../../providers/provider.ts";
import { type ClusterSpec, isNodeSpec, type MachineSpec } from "../spec/types.ts";

/** What of a machine's ports the world may reach where nothing of beltkit's stands around it. */
export interface Exposure {
  readonly name: string;
  /** `22/tcp and 4789/udp are open to whoever reaches 203.0.113.11`. */
  readonly what: string;
}

/** The way out of every exposure. */
export const closesThem = "a firewall block in the cluster file closes them";

/** How a host is reached, from the provider or, before it was taken, from the cluster file. */
type Way = Pick<Machine, "publicAddress" | "privateAddress" | "port">;

/**
 * What is open on the hosts of the file where it has no firewall: nothing where it has one, and nothing on machines of other
 * providers. The engine and the swarm's managers listen on the address that they are told; the overlay's port is open on all. Pure.
 *
 * @param walled the providers on whose hosts beltkit would keep the firewall.
 */
export function exposuresOf(
  spec: ClusterSpec,
  machines: ReadonlyMap<string, Way>,
  walled: ReadonlySet<string>,
): readonly Exposure[] {
  if (spec.firewall) return [];
  return spec.machines
    .filter(({ provider }) => walled.has(provider))
    .flatMap((wanted) => {
      const way = machines.get(wanted.name) ?? wayInFile(wanted);
      return way ? exposed(spec, wanted, way) : [];
    });
}

function wayInFile({ host }: MachineSpec): Way | undefined {
  return host && { publicAddress: host.address, privateAddress: host.privateAddress, port: host.port ?? 22 };
}

function exposed(spec: ClusterSpec, wanted: MachineSpec, way: Way): readonly Exposure[] {
  const { publicAddress, privateAddress } = way;
  const addresses = [...new Set([publicAddress, privateAddress])].filter((address) => address !== undefined);
  const everywhere = everywhereOpen(spec, wanted, way);
  const parts = addresses.flatMap((address, index) => {
    const here = isAdvertised(spec, way, address) ? advertisedOpen(spec, wanted) : [];
    const ports = index === 0 ? [...everywhere, ...here] : here;
    if (ports.length === 0) return [];
    return [`${listed(ports)}${index === 0 ? " are open" : ""} to whoever reaches ${address}`];
  });
  return parts.length === 0 ? [] : [{ name: wanted.name, what: parts.join("; ") }];
}

/** What listens on every address of a host. */
function everywhereOpen({ engine }: ClusterSpec, wanted: MachineSpec, { port }: Way): readonly string[] {
  if (wanted.role === "bare") return [`${port}/tcp`, "all that listens"];
  return [
    `${port}/tcp`,
    ...(engine.api === "operators" ? ["2376/tcp"] : []),
    ...(isNodeSpec(wanted) ? ["4789/udp"] : []),
    "all that containers publish",
  ];
}

/** What listens on the address that the machine gives the swarm, or the engine. */
function advertisedOpen({ engine }: ClusterSpec, wanted: MachineSpec): readonly string[] {
  if (wanted.role === "bare") return [];
  return [
    ...(engine.api === "members" ? ["2376/tcp"] : []),
    ...(wanted.role === "manager" ? ["2377/tcp"] : []),
    ...(isNodeSpec(wanted) ? ["7946/tcp", "7946/udp"] : []),
  ];
}

function isAdvertised({ swarm }: ClusterSpec, { publicAddress, privateAddress }: Way, address: string): boolean {
  if (swarm.advertise === "public") return address === publicAddress;
  return address === (privateAddress ?? publicAddress);
}

/** Ports in their order, then what has no number. */
function listed(open: readonly string[]): string {
  const words = open.toSorted((a, b) => (Number.parseInt(a, 10) || Infinity) - (Number.parseInt(b, 10) || Infinity));
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
