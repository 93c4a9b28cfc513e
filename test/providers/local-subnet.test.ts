import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  capacityOf,
  formatSubnet,
  freeAddress,
  freeSubnet,
  gatewayOf,
  overlaps,
  parseSubnet,
  type Subnet,
  subnetOf,
} from "../../src/providers/local/subnet.ts";

const net = (text: string): Subnet => {
  const subnet = parseSubnet(text);
  if (!subnet) throw new Error(`${text} is no network`);
  return subnet;
};

describe("a network in words", () => {
  it.each(["10.80.0.0/22", "172.16.0.0/24", "0.0.0.0/0", "192.0.2.7/32", "255.255.255.0/24"])("%s is one", (text) => {
    expect(formatSubnet(net(text))).toBe(text);
  });

  it.each(["10.80.0.1/22", "10.80.0.0", "10.80.0/22", "10.80.0.0/33", "256.0.0.0/8", "fd00::/64", "10.80.0.0/22 "])(
    "%s is none",
    (text) => {
      expect(parseSubnet(text)).toBeUndefined();
    },
  );

  it("is read from an interface's address, a route, or a single host", () => {
    expect(
      ["192.0.2.7/24", "10.0.0.0/8", "192.0.2.9"].map((text) => formatSubnet(subnetOf(text) ?? net("0.0.0.0/0"))),
    ).toEqual(["192.0.2.0/24", "10.0.0.0/8", "192.0.2.9/32"]);
    expect(subnetOf("default")).toBeUndefined();
  });
});

describe("two networks", () => {
  it.each([
    ["10.80.0.0/22", "10.80.3.0/24", true],
    ["10.80.0.0/22", "10.80.4.0/24", false],
    ["0.0.0.0/0", "172.16.0.0/24", true],
    ["172.16.0.0/24", "172.16.0.0/24", true],
    ["128.0.0.0/1", "127.255.255.0/24", false],
  ])("%s and %s have an address in common: %s", (a, b, expected) => {
    expect(overlaps(net(a), net(b))).toBe(expected);
    expect(overlaps(net(b), net(a))).toBe(expected);
  });
});

describe("a cluster's network", () => {
  it("is the first /24 of 172.16.0.0/16 that nobody uses", () => {
    expect(formatSubnet(freeSubnet([]) ?? net("0.0.0.0/0"))).toBe("172.16.0.0/24");
    const used = [net("172.16.0.0/24"), net("172.16.1.64/26"), net("10.0.0.0/8")];
    expect(formatSubnet(freeSubnet(used) ?? net("0.0.0.0/0"))).toBe("172.16.2.0/24");
  });

  it("is none when a route covers them all", () => {
    expect(freeSubnet([net("172.16.0.0/12")])).toBeUndefined();
  });

  it("never lies in Docker's own default pools, and overlaps nothing in use", () => {
    const networks = fc.array(
      fc.integer({ min: 0, max: 255 }).map((third) => net(`172.16.${third}.0/24`)),
      { maxLength: 255 },
    );
    fc.assert(
      fc.property(networks, (used) => {
        const free = freeSubnet(used);
        expect(free && used.some((other) => overlaps(free, other))).toBe(false);
        expect(free && overlaps(free, net("172.17.0.0/16"))).toBe(false);
      }),
    );
  });

  it("gives the host the first address and machines the others, lowest first, until it is full", () => {
    const subnet = net("10.80.0.0/28");
    expect(gatewayOf(subnet)).toBe("10.80.0.1");
    const taken = new Set<string>();
    for (let address = freeAddress(subnet, taken); address !== undefined; address = freeAddress(subnet, taken))
      taken.add(address);
    expect([...taken]).toEqual(Array.from({ length: 13 }, (_, index) => `10.80.0.${index + 2}`));
    expect(capacityOf(subnet)).toBe(13);
    taken.delete("10.80.0.5");
    expect(freeAddress(subnet, taken)).toBe("10.80.0.5");
  });
});
