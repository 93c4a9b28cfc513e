import { formatSubnet, freeAddress, parseSubnet } from "../../../src/providers/local/subnet.ts";
import type { CloudAddresses, CloudHosts } from "./hosts.ts";

/** Where public addresses come from: RFC 2544's range for benchmarks, which nobody has on the Internet. */
export const publicRange = "198.18.0.0/15";

/** Nothing behind the machines: they have addresses, and nobody answers there. Any number of them can be started in no time. */
export function paperHosts(): CloudHosts {
  const known = new Map<string, CloudAddresses>();
  const taken = new Map<string, Set<string>>();
  return {
    start: async ({ id, network, hasPublicAddress }) => {
      known.set(id, {
        privateAddress: take(taken, network.range),
        publicAddress: hasPublicAddress ? take(taken, publicRange) : undefined,
      });
    },
    restart: async () => {},
    stop: async () => {},
    remove: async (id) => {
      known.delete(id);
    },
    addresses: (id) => known.get(id),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The next address of a range. None is given out twice, so that nobody takes a new machine for an old one by its address. */
function take(all: Map<string, Set<string>>, range: string): string {
  const subnet = parseSubnet(range);
  const taken = all.get(range) ?? new Set<string>();
  all.set(range, taken);
  // Only the rest of the range is searched: thousands of machines must not cost millions of looks.
  const rest = subnet && { base: subnet.base + taken.size, prefix: subnet.prefix };
  const address = rest && freeAddress(rest, new Set());
  if (!subnet || address === undefined || taken.size >= 2 ** (32 - subnet.prefix) - 3)
    throw new Error(`${subnet ? formatSubnet(subnet) : range} has no free address left`);
  taken.add(address);
  return address;
}
