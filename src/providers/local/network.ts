import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import { pathExists } from "../../util/host-files.ts";
import type { Host } from "./host.ts";
import type { ClusterRecord } from "./record.ts";
import { gatewayOf, parseSubnet, type Subnet, subnetOf } from "./subnet.ts";

const routesSchema = z.array(z.object({ dst: z.string().optional() }));
const addressesSchema = z.array(
  z.object({
    addr_info: z.array(z.object({ local: z.string().optional(), prefixlen: z.number().optional() })).default([]),
  }),
);

/** The networks of this host: those that its own addresses lie in, and those that it has routes to. */
export interface HostNetworks {
  readonly addresses: readonly Subnet[];
  readonly routes: readonly Subnet[];
}

/** Reads the host's addresses and routes of all tables. Source: ip-address(8), ip-route(8). */
export async function hostNetworks(host: Host, signal: AbortSignal): Promise<HostNetworks> {
  const [addresses, routes] = await Promise.all([
    host.command(["ip", "-json", "-4", "address", "show"], { signal }),
    host.command(["ip", "-json", "-4", "route", "show", "table", "all"], { signal }),
  ]);
  return {
    addresses: addressesSchema
      .parse(JSON.parse(addresses || "[]"))
      .flatMap(({ addr_info }) => addr_info)
      .flatMap(({ local = "", prefixlen = 32 }) => subnetOf(`${local}/${prefixlen}`) ?? []),
    routes: routesSchema
      .parse(JSON.parse(routes || "[]"))
      // Default routes, and halves of one as some VPNs set them, lead everywhere and take nothing.
      .flatMap(({ dst = "" }) => subnetOf(dst) ?? [])
      .filter(({ prefix }) => prefix > 1),
  };
}

/** Makes a cluster's bridge and lets its machines out through NAT; what is there already stays. Call it with the host locked. */
export async function ensureNetwork(host: Host, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  const { bridge } = cluster;
  const { gateway, prefix } = addressing(cluster);
  const lines = [
    ...((await hasLink(bridge)) ? [] : [`link add ${bridge} address ${hardwareAddress(gateway)} type bridge`]),
    `address replace ${gateway}/${prefix} dev ${bridge}`,
    `link set ${bridge} up`,
  ];
  await host.command(["ip", "-batch", "-"], { signal, stdin: `${lines.join("\n")}\n` });
  await addRules(host, cluster, signal);
}

/** Removes a cluster's bridge and its rules; what is gone already is fine. Call it with the host locked. */
export async function removeNetwork(host: Host, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  await removeRules(host, cluster.clusterId, signal);
  if (await hasLink(cluster.bridge)) await host.command(["ip", "link", "delete", cluster.bridge], { signal });
}

/** Whether the host has a network interface of this name. */
export async function hasLink(name: string): Promise<boolean> {
  return await pathExists(`/sys/class/net/${name}`);
}

/**
 * The hardware address that goes with an IPv4 address on a cluster's network. A bridge without one of its own takes the lowest
 * of its ports', which changes as machines come; a link that is made anew at power on gets a random one. Either way the others
 * would talk into the void until their neighbor entry is old enough to be doubted, half a minute later.
 */
export function hardwareAddress(address: string): string {
  const octets = address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"));
  return ["02", "be", ...octets].join(":");
}

/** The host's own address on the cluster's bridge, and the length of the network's prefix. */
export function addressing(cluster: ClusterRecord): { readonly gateway: string; readonly prefix: number } {
  const subnet = parseSubnet(cluster.subnet);
  if (!subnet) throw new BeltError("state.damaged", `invalid cluster network "${cluster.subnet}"`);
  return { gateway: gatewayOf(subnet), prefix: subnet.prefix };
}

/** The rules of one cluster, by table. The comment is what they are found and removed by. */
export function wantedRules(cluster: ClusterRecord): readonly { readonly table: string; readonly rule: string }[] {
  const { bridge, subnet } = cluster;
  const comment = `-m comment --comment ${commentOf(cluster.clusterId)}`;
  return [
    { table: "nat", rule: `-A POSTROUTING -s ${subnet} ! -d ${subnet} ${comment} -j MASQUERADE` },
    // First in the chain: Docker and firewalls drop what is forwarded unless something before them accepts it.
    { table: "filter", rule: `-I FORWARD -i ${bridge} ${comment} -j ACCEPT` },
    {
      table: "filter",
      rule: `-I FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED ${comment} -j ACCEPT`,
    },
  ];
}

/** What `iptables-restore` needs to delete every rule of a cluster from what `iptables-save` printed; empty if it has none. */
export function deletions(saved: string, clusterId: string): string {
  const tables = new Map<string, string[]>();
  let table = "";
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1).trim();
    if (line.startsWith("-A ") && isRuleOf(line, clusterId))
      tables.set(table, [...(tables.get(table) ?? []), `-D ${line.slice(3)}`]);
  }
  return restoreInput(tables);
}

async function addRules(host: Host, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  const saved = await host.command(["iptables-save"], { signal });
  const there = saved.split("\n").filter((line) => isRuleOf(line, cluster.clusterId)).length;
  const wanted = wantedRules(cluster);
  if (there === wanted.length) return;
  if (there > 0) await removeRules(host, cluster.clusterId, signal);
  const tables = new Map<string, string[]>();
  for (const { table, rule } of wanted) tables.set(table, [...(tables.get(table) ?? []), rule]);
  await host.command(["iptables-restore", "--noflush", "--wait"], { signal, stdin: restoreInput(tables) });
}

async function removeRules(host: Host, clusterId: string, signal: AbortSignal): Promise<void> {
  const stdin = deletions(await host.command(["iptables-save"], { signal }), clusterId);
  if (stdin !== "") await host.command(["iptables-restore", "--noflush", "--wait"], { signal, stdin });
}

function commentOf(clusterId: string): string {
  return `beltkit:${clusterId}`;
}

function isRuleOf(line: string, clusterId: string): boolean {
  return line.split(" ").some((word) => word.replaceAll('"', "") === commentOf(clusterId));
}

function restoreInput(tables: ReadonlyMap<string, readonly string[]>): string {
  return [...tables].map(([table, rules]) => `*${table}\n${rules.join("\n")}\nCOMMIT\n`).join("");
}
