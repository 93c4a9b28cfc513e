import { expect, test } from "vitest";
import { parseDurationMs } from "../../src/util/durations.ts";
import { networksOverlap, parseIpv4Network } from "../../src/util/ipv4-network.ts";
import { editDistance, nearest } from "../../src/util/nearest.ts";

test.each([
  ["machnies", "machines"],
  ["Machines", "machines"],
  ["rloe", "role"],
  ["lables", "labels"],
  ["x", undefined],
  ["completely", undefined],
  ["", undefined],
])("the nearest known word to %j is %s", (word, candidate) => {
  expect(nearest(word, ["role", "machines", "labels", "size"])).toBe(candidate);
});

test.each([
  ["", "", 0],
  ["abc", "", 3],
  ["abc", "acb", 1],
  ["kitten", "sitting", 3],
  ["ca", "abc", 3],
])("from %j to %j it takes %i edits", (a, b, edits) => {
  expect([editDistance(a, b), editDistance(b, a)]).toEqual([edits, edits]);
});

test.each([
  ["2160h", 7_776_000_000],
  ["90d", 7_776_000_000],
  ["1h30m", 5_400_000],
  ["1m500ms", 60_500],
  ["5", undefined],
  ["", undefined],
  ["1.5h", undefined],
  ["-1h", undefined],
  ["1w", undefined],
])("the duration %j is %s ms", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each([
  ["10.20.0.0/16", { first: 0x0a140000, last: 0x0a14ffff, prefix: 16, canonical: "10.20.0.0/16" }],
  ["10.20.3.1/16", { first: 0x0a140000, last: 0x0a14ffff, prefix: 16, canonical: "10.20.0.0/16" }],
  ["255.255.255.255/32", { first: 0xffffffff, last: 0xffffffff, prefix: 32, canonical: "255.255.255.255/32" }],
  ["0.0.0.0/0", { first: 0, last: 0xffffffff, prefix: 0, canonical: "0.0.0.0/0" }],
  ["256.0.0.0/8", undefined],
  ["10.0.0.0/33", undefined],
  ["10.0.0.0", undefined],
  ["fd00::/8", undefined],
])("the network %s is read", (text, network) => {
  expect(parseIpv4Network(text)).toEqual(network);
});

test.each([
  ["10.0.0.0/8", "10.20.0.0/16", true],
  ["10.20.0.0/16", "10.21.0.0/16", false],
  ["10.20.0.0/16", "10.20.0.0/16", true],
])("%s and %s overlap: %s", (a, b, overlap) => {
  const [left, right] = [parseIpv4Network(a), parseIpv4Network(b)];
  if (left === undefined || right === undefined) throw new Error("no networks");
  expect([networksOverlap(left, right), networksOverlap(right, left)]).toEqual([overlap, overlap]);
});
