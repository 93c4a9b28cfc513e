import { naturalCompare } from "../../util/natural-compare.ts";
import type { FirewallSpec, Publication } from "../firewall-spec.ts";
import type { ProviderSpec } from "../provider.ts";

/** Who may reach some ports of one protocol. */
export interface InboundRule {
  readonly protocol: "tcp" | "udp" | "icmp" | "esp" | "all";
  /** A port, several such as `8000-8010`, or `0` for all. */
  readonly ports: string;
  /** Networks in CIDR notation. */
  readonly addresses: readonly string[];
  /** Who else, in the user's words: {@link members}. */
  readonly peers: readonly string[];
}

/** The machines of the cluster itself, as a peer in rules. */
export const members = "the cluster's machines";

/** A firewall as it is to be, around all machines or those of one group. */
export interface WantedFirewall {
  readonly group: string | undefined;
  /** Where it stands, in the user's words: `all machines`, `workers`. */
  readonly where: string;
  readonly inbound: readonly InboundRule[];
}

/** What a swarm's machines reach among themselves, and over the VPC only. Source: Docker's documentation, swarm mode, ports. */
const memberPorts = [
  ["tcp", "2377"],
  ["tcp", "7946"],
  ["udp", "7946"],
  ["udp", "4789"],
] as const;

const nothingOpen: FirewallSpec = { operators: [], engineForMembers: false, engineForOperators: false, publish: [] };

/**
 * The firewalls of a cluster: one around all its machines, for the swarm, the operators and what all groups publish; and one
 * around each group that publishes more.
 */
export function wantedFirewalls(spec: ProviderSpec): readonly WantedFirewall[] {
  const { operators, engineForMembers, engineForOperators, publish } = spec.firewall ?? nothingOpen;
  const isForAll = ({ groups }: Publication): boolean => spec.groups.every((group) => groups.includes(group));
  const common = [
    ...memberPorts.map(([protocol, ports]) => ({ protocol, ports, addresses: [], peers: [members] })),
    ...(engineForMembers ? [{ protocol: "tcp", ports: "2376", addresses: [], peers: [members] } as const] : []),
    ...(operators.length === 0 ? [] : [openTcp("22", operators)]),
    ...(operators.length === 0 || !engineForOperators ? [] : [openTcp("2376", operators)]),
    ...publish.filter(isForAll).map(published),
  ];
  const groups = spec.groups.flatMap((group): readonly WantedFirewall[] => {
    const own = publish.filter((one) => !isForAll(one) && one.groups.includes(group));
    if (own.length === 0) return [];
    const inbound = merged(own.map(published));
    return [{ group, where: group, inbound }];
  });
  return [{ group: undefined, where: "all machines", inbound: merged(common) }, ...groups];
}

/** All that the machines of one group let in, for a cloud whose firewalls stand around groups alone. */
export function inboundFor(spec: ProviderSpec, group: string): readonly InboundRule[] {
  const around = wantedFirewalls(spec).filter((one) => one.group === undefined || one.group === group);
  return merged(around.flatMap(({ inbound }) => inbound));
}

/** What separates one set of rules from another, each in the user's words. */
export function describeChanges(
  where: string,
  before: readonly InboundRule[],
  after: readonly InboundRule[],
): readonly string[] {
  const [old, wanted] = [flat(before), flat(after)];
  const words = (verb: string, lines: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] =>
    [...lines].filter((line) => !others.has(line)).map((line) => `${verb} ${line} on ${where}`);
  return [...words("open", wanted, old), ...words("close", old, wanted)];
}

function openTcp(ports: string, addresses: readonly string[]): InboundRule {
  return { protocol: "tcp", ports, addresses, peers: [] };
}

function published({ protocol, from, to, sources }: Publication): InboundRule {
  return { protocol, ports: from === to ? String(from) : `${from}-${to}`, addresses: sources, peers: [] };
}

/** Rules for the same ports are one rule. */
function merged(rules: readonly InboundRule[]): readonly InboundRule[] {
  const byPorts = Map.groupBy(rules, ({ protocol, ports }) => `${ports}/${protocol}`);
  return [...byPorts.values()].flatMap((some) => {
    const [first] = some;
    if (!first) return [];
    const all = (key: "addresses" | "peers") => [...new Set(some.flatMap((rule) => rule[key]))].sort(naturalCompare);
    return [{ ...first, addresses: all("addresses"), peers: all("peers") }];
  });
}

/** Every rule for every source on its own: `22/tcp to 203.0.113.7/32`. */
function flat(rules: readonly InboundRule[]): ReadonlySet<string> {
  const lines = rules.flatMap(({ protocol, ports, addresses, peers }) => {
    const who = [...addresses.map((address) => (address === "0.0.0.0/0" ? "any" : address)), ...peers];
    const what =
      protocol === "tcp" || protocol === "udp" ? `${ports === "0" ? "all ports" : ports}/${protocol}` : protocol;
    return who.map((one) => `${what} to ${one}`);
  });
  return new Set(lines);
}
