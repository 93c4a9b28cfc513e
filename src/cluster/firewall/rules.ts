import type { FirewallSpec, Publication } from "../../providers/firewall-spec.ts";
import { anywhere } from "../spec/firewall.ts";
import { mergeNetworks, mergePorts } from "./merge.ts";

/** The one table that is beltkit's on a host; every other table is somebody else's. */
export const tableName = "inet beltkit";

/** What the rules of one host follow from. */
export interface RulesInput {
  readonly firewall: FirewallSpec;
  /** The machine's group. */
  readonly group: string;
  /** Where the host's own sshd listens. */
  readonly sshPort: number;
  /** The addresses from which the cluster's machines come, IPv4 and IPv6. */
  readonly members: readonly string[];
  /** Bridges of the host's own whose names begin as Docker's do, and through which the world comes in. */
  readonly foreignBridges: readonly string[];
}

/**
 * The text of the firewall of one host, for `nft -f`: it replaces our table as a whole, in one transaction, and touches nothing
 * else. The same input in any order gives the same text. Pure.
 *
 * Docker sends published ports on to containers before the host's input chains see them, so the table filters earlier: behind
 * connection tracking (-200) and before the destination is rewritten (-100). It looks only at what is addressed to the host itself;
 * what is routed on to containers without a published port is stopped in the second chain. See nft(8), and "Packet filtering and
 * firewalls" in Docker's documentation.
 */
export function firewallRules(input: RulesInput): string {
  const { members, firewall } = input;
  const operators = mergeNetworks(firewall.operators);
  return [
    "# Written by beltkit from the firewall of the cluster file; the next `belt up` puts back what is changed here.",
    `table ${tableName}`,
    `delete table ${tableName}`,
    `table ${tableName} {`,
    ...set("members", "ipv4_addr", sorted(members.filter((address) => !isIpv6(address)))),
    ...set("members6", "ipv6_addr", sorted(members.filter(isIpv6))),
    ...set("operators", "ipv4_addr", operators, "interval"),
    ...chain("arriving", "type filter hook prerouting priority -110; policy accept;", arriving(input)),
    ...chain("passing", "type filter hook forward priority -10; policy accept;", passing(input)),
    "}",
    "",
  ].join("\n");
}

/**
 * Overlay traffic is not authenticated, so it is judged before anything else could let it pass; it also counts where it is sent to
 * everybody on the link, since the kernel takes it then too.
 */
function arriving(input: RulesInput): readonly string[] {
  const { firewall, sshPort } = input;
  const toMembers = firewall.engineForMembers ? [2376, 2377, 7946] : [2377, 7946];
  return [
    'iifname "lo" accept',
    "fib daddr type unicast accept",
    "ip saddr @members udp dport 4789 accept",
    "ip6 saddr @members6 udp dport 4789 accept",
    "udp dport 4789 drop",
    "fib daddr type != { local, anycast } accept",
    "ct state established,related accept",
    ...bridges(input, "iifname").map((match) => `${match} accept`),
    "meta l4proto { icmp, ipv6-icmp } accept",
    "udp sport 67 udp dport 68 accept",
    "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
    ...["ip saddr @members", "ip6 saddr @members6"].flatMap((from) => [
      `${from} tcp dport { ${toMembers.join(", ")} } accept`,
      `${from} udp dport 7946 accept`,
      `${from} meta l4proto esp accept`,
    ]),
    `ip saddr @operators tcp dport ${sshPort} accept`,
    ...(firewall.engineForOperators ? ["ip saddr @operators tcp dport 2376 accept"] : []),
    ...published(input),
    "drop",
  ];
}

/** A neighbor on the link can route straight to a container's own address: only what came by a published port may go there. */
function passing(input: RulesInput): readonly string[] {
  return [
    "ct state != new accept",
    "ct status dnat accept",
    ...bridges(input, "iifname").map((match) => `${match} accept`),
    ...bridges(input, "oifname").map((match) => `${match} drop`),
  ];
}

/** What matches Docker's own bridges: `docker0`, `docker_gwbridge`, and `br-` with the beginning of a network's id. */
function bridges({ foreignBridges }: RulesInput, key: "iifname" | "oifname"): readonly string[] {
  const others = sorted(foreignBridges).map((name) => JSON.stringify(name));
  const except = others.length === 0 ? "" : `${key} != { ${others.join(", ")} } `;
  return ["docker*", "br-*"].map((pattern) => `${except}${key} "${pattern}"`);
}

function published({ firewall, group }: RulesInput): readonly string[] {
  const ours = firewall.publish.filter(({ groups }) => groups.includes(group));
  const bySources = Map.groupBy(ours, (one) => `${one.protocol} ${sourcesOf(one)}`);
  return [...bySources].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, some]) => opening(some));
}

function opening(some: readonly Publication[]): readonly string[] {
  const [first] = some;
  if (!first) return [];
  const ports = mergePorts(some).map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
  const sources = sourcesOf(first);
  return [`${sources === "" ? "" : `ip saddr { ${sources} } `}${first.protocol} dport { ${ports.join(", ")} } accept`];
}

/** Nothing for everybody, whatever the version of IP. */
function sourcesOf({ sources }: Publication): string {
  return sources.includes(anywhere) ? "" : mergeNetworks(sources).join(", ");
}

function set(name: string, type: string, elements: readonly string[], flags?: string): readonly string[] {
  return [
    `\tset ${name} {`,
    `\t\ttype ${type}`,
    ...(flags === undefined ? [] : [`\t\tflags ${flags}`]),
    ...(elements.length === 0 ? [] : [`\t\telements = { ${elements.join(", ")} }`]),
    "\t}",
  ];
}

function chain(name: string, head: string, rules: readonly string[]): readonly string[] {
  return [`\tchain ${name} {`, `\t\t${head}`, ...rules.map((rule) => `\t\t${rule}`), "\t}"];
}

function sorted(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}

function isIpv6(address: string): boolean {
  return address.includes(":");
}
