import { describe, expect, it } from "vitest";
import { isWithin, mergeNetworks, mergePorts } from "../../../src/cluster/firewall/merge.ts";

describe("ports", () => {
  it.each([
    ["stay apart where they do not touch", ["443", "80"], ["80", "443"]],
    ["become one range where they touch", ["80-89", "90", "95"], ["80-90", "95"]],
    ["become one range where they overlap, or lie in one another", ["8000-8010", "8005-8020", "8001"], ["8000-8020"]],
  ])("%s", (_, given, expected) => {
    const ranges = given.map((text) => text.split("-").map(Number)).map(([from = 0, to = from]) => ({ from, to }));
    expect(mergePorts(ranges).map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))).toEqual(expected);
  });
});

describe("networks", () => {
  it.each([
    ["are sorted by number, each once", ["203.0.113.7/32", "9.0.0.0/8", "9.0.0.0/8"], ["9.0.0.0/8", "203.0.113.7/32"]],
    ["inside of others are left out", ["10.1.0.0/16", "10.0.0.0/8", "10.1.2.3/32"], ["10.0.0.0/8"]],
    ["side by side both stay", ["10.1.0.0/16", "10.0.0.0/16"], ["10.0.0.0/16", "10.1.0.0/16"]],
    ["that are none are left out", ["fd00::/8", "10.0.0.0/8"], ["10.0.0.0/8"]],
  ])("%s", (_, given, expected) => {
    expect(mergeNetworks(given)).toEqual(expected);
  });
});

describe("an address", () => {
  it.each([
    ["203.0.113.7", ["203.0.113.0/24"], true],
    ["203.0.114.7", ["203.0.113.0/24"], false],
    ["203.0.113.7", [], false],
    ["2001:db8::1", ["0.0.0.0/0"], false],
  ])("%s in %j: %s", (address, networks, expected) => {
    expect(isWithin(address, networks)).toBe(expected);
  });
});
