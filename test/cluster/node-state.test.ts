import { describe, expect, it } from "vitest";
import type { JournalRecord, Operation } from "../../src/cluster/journal-records.ts";
import { JournalFold } from "../../src/cluster/journal-state.ts";
import { type NodeState, stateOf } from "../../src/cluster/node-state.ts";
import type { MachineView } from "../../src/cluster/types.ts";
import type { MachineState } from "../../src/providers/provider.ts";
import { aMachine, aNode } from "../support/world.ts";

const at = "2026-01-01T00:00:00.000Z";
const met: JournalRecord = { kind: "met", at, machine: "node1" };

function intent(operation: Operation, seq: number): JournalRecord {
  return { kind: "intent", at, seq, operation, on: "node1" };
}

function done(...operations: readonly Operation[]): readonly JournalRecord[] {
  return operations.flatMap((operation, seq): readonly JournalRecord[] => [
    intent(operation, seq),
    { kind: "outcome", at, seq, ok: true, detail: "" },
  ]);
}

function view(machine: MachineState["kind"] | "none", node?: MachineView["node"]): MachineView {
  const states: readonly MachineState[] = [
    { kind: "creating" },
    { kind: "running" },
    { kind: "stopped" },
    { kind: "removing" },
    { kind: "failed", reason: "no capacity" },
  ];
  const state = states.find(({ kind }) => kind === machine);
  return {
    ...{ name: "node1", group: "workers", role: "worker", provider: "local", node },
    machine: state && aMachine("node1", state),
  };
}

describe("where a machine stands", () => {
  it.each<readonly [NodeState, string, MachineView, readonly JournalRecord[]]>([
    ["intended", "there is none yet", view("none"), []],
    ["creating", "it is being made", view("creating"), [intent("create", 1)]],
    ["creating", "its making failed", view("failed"), done("create")],
    ["booting", "it was made and has not answered", view("running"), done("create")],
    ["reachable", "it has answered", view("running"), [...done("create"), met]],
    ["engine", "it was made ready", view("running"), done("create", "bootstrap")],
    ["joined", "its node is not ready", view("running", aNode("node1", { status: "down" })), done("create", "join")],
    ["ready", "its node is ready", view("running", aNode("node1")), done("create", "join")],
    ["draining", "it is leaving", view("running", aNode("node1")), [...done("create", "join"), intent("leave", 9)]],
    ["left", "it left the swarm", view("running"), done("create", "bootstrap", "join", "leave")],
    ["ready", "it joined again", view("running", aNode("node1")), done("create", "join", "leave", "join")],
    ["left", "it is being removed", view("removing"), done("create", "join", "leave")],
  ])("is %s when %s", (state, _, machine, records) => {
    const fold = new JournalFold();
    for (const record of records) fold.add(record);
    expect(stateOf(machine, fold.state)).toBe(state);
  });
});
