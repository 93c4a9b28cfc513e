import { parseDurationMs } from "../../util/durations.ts";
import { parseRange } from "../../util/ranges.ts";
import { anywhere, parsePorts } from "./firewall.ts";
import type { ClusterFile } from "./schema.ts";
import type { ClusterSpec, MachineSpec } from "./types.ts";

/** The cluster file as the rest of beltkit wants it: ranges expanded, overrides applied. The file is valid already. */
export function toSpec(file: ClusterFile, providerOptions: Readonly<Record<string, unknown>>): ClusterSpec {
  const { certExpiry, ...swarm } = file.swarm;
  return {
    name: file.name,
    provider: file.provider,
    providerOptions,
    providerPaths: file.providers,
    ssh: { user: file.ssh.user, authorizedKeys: file.ssh.authorizedKeys, jump: file.ssh.jump },
    engine: { ...file.engine, version: file.engine.version },
    swarm: { ...swarm, certExpiryHours: (parseDurationMs(certExpiry) ?? 0) / 3_600_000 },
    limits: { ...file.limits, maxHourlyPrice: file.limits.maxHourlyPrice },
    firewall: file.firewall && firewallOf(file, file.firewall),
    drain: file.drain,
    protect: file.protect,
    groups: Object.keys(file.groups),
    machines: Object.entries(file.groups).flatMap(([name, group]) => machinesOf(name, group, file)),
  };
}

function firewallOf(file: ClusterFile, firewall: NonNullable<ClusterFile["firewall"]>): ClusterSpec["firewall"] {
  return {
    operators: firewall.operators,
    engineForMembers: file.engine.api === "members" || file.engine.api === "operators",
    engineForOperators: file.engine.api === "operators",
    publish: firewall.publish.flatMap(({ ports, from, groups = Object.keys(file.groups) }) => {
      const sources = from === "any" ? [anywhere] : [from].flat();
      return ports.flatMap((text) => {
        const read = parsePorts(String(text));
        return read ? [{ ...read, sources, groups }] : [];
      });
    }),
  };
}

type Group = ClusterFile["groups"][string];

function machinesOf(name: string, group: Group, file: ClusterFile): readonly MachineSpec[] {
  const overrides = new Map(
    Object.entries(group.overrides).flatMap(([range, override]) =>
      parseRange(range).map((machine) => [machine, override] as const),
    ),
  );
  return namesOf(group).map((machine, index) => {
    const override = overrides.get(machine);
    const host = group.hosts?.[machine];
    return {
      name: machine,
      group: name,
      role: group.role,
      provider: group.provider ?? file.provider,
      size: override?.size ?? group.size,
      image: override?.image ?? group.image,
      availability: host?.availability ?? group.availability,
      labels: { ...group.labels, ...host?.labels, ...override?.labels },
      ...(host ? { host: hostOf(host, file) } : {}),
      ...zonesOf(group, machine, index),
    };
  });
}

/** The machines of a group: those that its ranges name, or its hosts. */
function namesOf({ machines, hosts }: Group): readonly string[] {
  if (hosts) return Object.keys(hosts);
  return machines === undefined || machines.trim() === "" ? [] : parseRange(machines);
}

function hostOf(
  { address, privateAddress, user, port, node }: NonNullable<Group["hosts"]>[string],
  { ssh }: ClusterFile,
): MachineSpec["host"] {
  return { address, privateAddress, user: user ?? ssh.user, port, node, jump: ssh.jump };
}

/** By the number in its name, which stays when others come and go; by its place where the name has none. */
function zonesOf({ zones }: Group, name: string, index: number): Pick<MachineSpec, "zones"> {
  if (zones.length === 0) return {};
  const number = /(\d+)\D*$/.exec(name)?.[1];
  const turn = number === undefined ? index : Number(number) + zones.length - 1;
  const first = turn % zones.length;
  return { zones: [...zones.slice(first), ...zones.slice(0, first)].map(String) };
}
