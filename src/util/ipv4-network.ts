/** An IPv4 network in CIDR notation, as numbers; `first` and `last` are its lowest and highest address. */
export interface Ipv4Network {
  readonly first: number;
  readonly last: number;
  /** The length of the prefix in bits, 0 to 32. */
  readonly prefix: number;
  /** The network's own notation: differs from what was read where that had bits set behind the prefix. */
  readonly canonical: string;
}

/** Reads `10.20.0.0/16`; `undefined` where the text is no network. */
export function parseIpv4Network(text: string): Ipv4Network | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((byte) => byte > 255) || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix, canonical: `${formatIpv4(first)}/${prefix}` };
}

/** Whether two networks share an address. */
export function networksOverlap(a: Ipv4Network, b: Ipv4Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
