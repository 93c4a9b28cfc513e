/** An IPv4 network: the first address as a number, and how many leading bits are the network's. */
export interface Subnet {
  readonly base: number;
  readonly prefix: number;
}

/** Reads `10.80.0.0/22`; `undefined` if it is not an IPv4 network, or has bits set beyond its prefix. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d{1,2})$/.exec(text);
  const base = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const prefix = Number(match?.[2]);
  if (base === undefined || prefix > 32) return undefined;
  return network(base, prefix) === base ? { base, prefix } : undefined;
}

/** The network that an address with a prefix lies in, as routes and interfaces name them: `192.0.2.7/24`; without a prefix, the address alone. */
export function subnetOf(text: string): Subnet | undefined {
  const [address = "", length = "32"] = text.split("/");
  const base = parseAddress(address);
  const prefix = Number(length);
  return base === undefined || !(prefix >= 0 && prefix <= 32) ? undefined : { base: network(base, prefix), prefix };
}

/** `10.80.0.0/22`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatAddress(subnet.base)}/${subnet.prefix}`;
}

/** Whether two networks have an address in common. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  const prefix = Math.min(a.prefix, b.prefix);
  return network(a.base, prefix) === network(b.base, prefix);
}

/** The address of the host's end of the bridge: the first one. */
export function gatewayOf(subnet: Subnet): string {
  return formatAddress(subnet.base + 1);
}

/** How many machines fit beside the gateway. */
export function capacityOf(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix) - 3;
}

/** The network twice as large that has this one in it. */
export function widened({ base, prefix }: Subnet): Subnet {
  return { base: network(base, prefix - 1), prefix: prefix - 1 };
}

/** The lowest address for a machine that is not taken; `undefined` when the network is full. */
export function freeAddress(subnet: Subnet, taken: ReadonlySet<string>): string | undefined {
  for (let index = 0; index < capacityOf(subnet); index += 1) {
    const address = formatAddress(subnet.base + 2 + index);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** The first /24 of 172.16.0.0/16 that overlaps nothing in use. Docker's own default pools begin above it, with 172.17.0.0/16. */
export function freeSubnet(used: readonly Subnet[]): Subnet | undefined {
  const first = 172 * 2 ** 24 + 16 * 2 ** 16;
  const candidates = Array.from({ length: 256 }, (_, index) => ({ base: first + index * 256, prefix: 24 }));
  return candidates.find((candidate) => !used.some((other) => overlaps(candidate, other)));
}

function parseAddress(text: string): number | undefined {
  const parts = text.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : Number.NaN));
  if (parts.length !== 4 || parts.some((part) => !(part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

function network(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return address - (address % size);
}
