import { parseIpv4Network } from "../../util/ipv4-network.ts";

/** A range of ports; both ends count. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Ranges in ascending order, those that touch or overlap as one. */
export function mergePorts(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to + 1) merged.push(range);
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return merged;
}

/** IPv4 networks in CIDR notation in ascending order, without those that lie inside another one. What is no network is left out. */
export function mergeNetworks(networks: readonly string[]): readonly string[] {
  const parsed = networks.flatMap((text) => parseIpv4Network(text) ?? []);
  let covered = -1;
  return parsed
    .toSorted((a, b) => a.first - b.first || b.last - a.last)
    .flatMap(({ last, canonical }) => {
      if (last <= covered) return [];
      covered = last;
      return [canonical];
    });
}

/** Whether an IPv4 address lies in one of the networks. */
export function isWithin(address: string, networks: readonly string[]): boolean {
  const own = parseIpv4Network(`${address}/32`);
  if (!own) return false;
  return networks.some((text) => {
    const network = parseIpv4Network(text);
    return network !== undefined && network.first <= own.first && own.last <= network.last;
  });
}
