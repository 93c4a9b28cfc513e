import { describe, expect, it } from "vitest";
import { type JournalRecord, type Operation, readRecords } from "../../src/cluster/journal-records.ts";
import { JournalFold, type JournalState } from "../../src/cluster/journal-state.ts";

const at = "2026-01-01T00:00:00.000Z";

function folded(records: readonly JournalRecord[]): JournalState {
  const fold = new JournalFold();
  for (const record of records) fold.add(record);
  return fold.state;
}

/** Operations on node1 that each went well, one after the other. */
function done(...operations: readonly Operation[]): readonly JournalRecord[] {
  return operations.flatMap((operation, index): readonly JournalRecord[] => [
    { kind: "intent", at, seq: index + 1, operation, on: "node1" },
    { kind: "outcome", at, seq: index + 1, ok: true, detail: "" },
  ]);
}

const failed = (phase: "create" | "reach" | "engine"): JournalRecord => ({
  ...{ kind: "failure", at, machine: "node1", phase, code: "timeout" },
});
const met: JournalRecord = { kind: "met", at, machine: "node1" };
const recovered: JournalRecord = { kind: "recovered", at, machine: "node1" };

describe("the last failure of a machine", () => {
  it.each<readonly [string, readonly JournalRecord[], boolean]>([
    ["is told until something goes well", [failed("engine")], true],
    ["is a thing of the past once something went well", [failed("create"), ...done("create")], false],
    [
      "is a thing of the past once the machine is up again, with nothing done to it",
      [failed("engine"), recovered],
      false,
    ],
    ["is told again when it comes again", [failed("engine"), recovered, failed("reach")], true],
  ])("%s", (_, records, isTold) => {
    expect(folded(records).failures.has("node1")).toBe(isTold);
  });
});

describe("a machine that may keep something", () => {
  it.each<readonly [string, readonly JournalRecord[], boolean]>([
    ["is not one that was only made", done("create"), false],
    ["is not one whose making failed", [...done("create"), failed("create")], false],
    ["is one that answered", [...done("create"), met], true],
    ["is one that did not answer as it should", [...done("create"), failed("reach")], true],
    ["is one on which a step failed", [...done("create"), failed("engine")], true],
    ["is one that was made ready", done("create", "bootstrap"), true],
    ["is one that was powered on", done("create", "power"), true],
    ["is one whose size was changed", done("create", "resize"), true],
    ["is one that founded the swarm", done("create", "init"), true],
    ["is one that joined", done("create", "join"), true],
    ["is one that left again", done("create", "join", "leave"), true],
    ["is one whose joining was begun and never ended", done("create", "join").slice(0, -1), true],
    ["is none any more once it is removed", [...done("create", "join", "remove")], false],
  ])("%s", (_, records, isMet) => {
    expect(folded(records).met.has("node1")).toBe(isMet);
  });
});

describe("a machine that left the swarm", () => {
  it.each<readonly [string, readonly Operation[], boolean]>([
    ["has left", ["create", "join", "leave"], true],
    ["has not once it joins again", ["create", "join", "leave", "join"], false],
    ["has not once it founds another", ["create", "join", "leave", "init"], false],
    ["has not where only an earlier node of it was forgotten", ["create", "join", "leave", "update"], false],
    ["is forgotten with the machine", ["create", "join", "leave", "remove", "create"], false],
  ])("%s", (_, operations, hasLeft) => {
    expect(folded(done(...operations)).left.has("node1")).toBe(hasLeft);
  });
});

describe("a journal of an older version", () => {
  const lines = (version: number, on: "on" | "machine"): readonly string[] =>
    [
      { kind: "cluster", at, version, id: "abc", name: "shop" },
      { kind: "intent", at, seq: 1, operation: "create", [on]: "node1" },
      { kind: "outcome", at, seq: 1, ok: true, detail: "" },
      { kind: "failure", at, machine: "node1", phase: "create", code: "machine.failed" },
    ].map((line) => JSON.stringify(line));

  it.each([
    [1, "machine"],
    [2, "on"],
  ] as const)(
    "(%i) tells what it told, and leaves open whether its machines have answered: each may have",
    (version, on) => {
      const { records, migrated } = readRecords("journal", lines(version, on));
      expect(migrated).toBe(true);
      const state = folded(records);
      expect(state.made).toEqual(["node1"]);
      expect(state.failures.get("node1")).toMatchObject({ code: "machine.failed" });
      expect([...state.met]).toEqual(["node1"]);
      expect([...state.left]).toEqual([]);
    },
  );

  it.each([
    [3, true],
    [4, false],
  ])("(%i) knows a machine that was only made as such, and nothing of what was given", (version, isOld) => {
    const { records, migrated } = readRecords("journal", lines(version, "on"));
    expect(migrated).toBe(isOld);
    expect([...folded(records).met]).toEqual([]);
    expect(folded(records).given).toBeUndefined();
  });
});
