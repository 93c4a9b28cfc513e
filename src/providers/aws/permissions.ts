import { z } from "zod";
import { type InboundRule, members } from "../cloud/firewall-rules.ts";

/** A rule of a security group, as EC2 writes it: for some ports, everybody who may reach them. */
export const permissionSchema = z.object({
  IpProtocol: z.string(),
  FromPort: z.int().optional(),
  ToPort: z.int().optional(),
  IpRanges: z.array(z.object({ CidrIp: z.string() })).default([]),
  Ipv6Ranges: z.array(z.object({ CidrIpv6: z.string() })).default([]),
  UserIdGroupPairs: z.array(z.object({ GroupId: z.string() })).default([]),
});

/** A rule of a security group. */
export type Permission = z.infer<typeof permissionSchema>;

/** The same rules with one source each: what two sets of rules are compared by. */
export function atomsOf(permissions: readonly Permission[]): readonly Permission[] {
  return permissions.flatMap(({ IpRanges, Ipv6Ranges, UserIdGroupPairs, ...ports }) => {
    const none = { ...ports, IpRanges: [], Ipv6Ranges: [], UserIdGroupPairs: [] };
    return [
      ...IpRanges.map(({ CidrIp }) => ({ ...none, IpRanges: [{ CidrIp }] })),
      ...Ipv6Ranges.map(({ CidrIpv6 }) => ({ ...none, Ipv6Ranges: [{ CidrIpv6 }] })),
      ...UserIdGroupPairs.map(({ GroupId }) => ({ ...none, UserIdGroupPairs: [{ GroupId }] })),
    ];
  });
}

/** The rules that are in the first set and not in the second, both of them one source each. */
export function minus(some: readonly Permission[], others: readonly Permission[]): readonly Permission[] {
  const known = new Set(others.map(keyOf));
  return some.filter((one) => !known.has(keyOf(one)));
}

/** Rules as EC2 takes them, one source each; members are the machines that wear the group of this id. */
export function permissionsFrom(rules: readonly InboundRule[], groupId: string): readonly Permission[] {
  return rules.flatMap(({ protocol, ports, addresses, peers }) => {
    const range = portsOf(ports);
    const isBare = protocol === "esp" || protocol === "all" || protocol === "icmp";
    return atomsOf([
      {
        ...{ IpProtocol: numbers[protocol] ?? protocol, ...(isBare ? bare(protocol) : range) },
        IpRanges: addresses.map((CidrIp) => ({ CidrIp })),
        Ipv6Ranges: [],
        UserIdGroupPairs: peers.map(() => ({ GroupId: groupId })),
      },
    ]);
  });
}

/** EC2's rules in the words of all clouds. */
export function rulesFrom(permissions: readonly Permission[], groupId: string): readonly InboundRule[] {
  return permissions.map(({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, UserIdGroupPairs }) => ({
    ...{ protocol: words[IpProtocol] ?? "all", ports: portWords(FromPort, ToPort) },
    addresses: [...IpRanges.map(({ CidrIp }) => CidrIp), ...Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6)],
    peers: UserIdGroupPairs.map((pair) => (pair.GroupId === groupId ? members : `the security group ${pair.GroupId}`)),
  }));
}

/** Source: IANA's protocol numbers; EC2 writes `-1` for all. */
const numbers: Readonly<Record<string, string>> = { esp: "50", all: "-1" };
const words: Readonly<Record<string, InboundRule["protocol"]>> = { tcp: "tcp", udp: "udp", icmp: "icmp", "50": "esp" };

function bare(protocol: string): Pick<Permission, "FromPort" | "ToPort"> {
  return protocol === "icmp" ? { FromPort: -1, ToPort: -1 } : {};
}

function portsOf(ports: string): { readonly FromPort: number; readonly ToPort: number } {
  const [from = "0", to = from] = ports.split("-");
  return from === "0" ? { FromPort: 0, ToPort: 65_535 } : { FromPort: Number(from), ToPort: Number(to) };
}

function portWords(from = 0, to = 65_535): string {
  if (from <= 0 && (to === 65_535 || to < 0)) return "0";
  return from === to ? String(from) : `${from}-${to}`;
}

function keyOf({ IpProtocol, FromPort, ToPort, IpRanges, Ipv6Ranges, UserIdGroupPairs }: Permission): string {
  const isTcpOrUdp = IpProtocol === "tcp" || IpProtocol === "udp";
  return JSON.stringify([IpProtocol, isTcpOrUdp ? [FromPort, ToPort] : [], IpRanges, Ipv6Ranges, UserIdGroupPairs]);
}
