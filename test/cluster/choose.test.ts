import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, chooseLeaving, nextNames } from "../../src/cluster/choose.ts";
import type { MachineView } from "../../src/cluster/types.ts";
import type { MachineState } from "../../src/providers/provider.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aManagerNode, aNode } from "../support/world.ts";

interface Change {
  readonly state?: MachineState;
  readonly node?: Partial<SwarmNode> | "none";
  readonly absent?: boolean;
  readonly isNamed?: boolean;
  readonly isExpected?: boolean;
}

function candidate(name: string, tasks: number | undefined = 0, change: Change = {}): Candidate {
  const { isNamed = true, isExpected = true } = change;
  const machine = change.absent ? undefined : aMachine(name, change.state);
  const view: MachineView = {
    name,
    group: "workers",
    role: "worker",
    provider: "local",
    machine,
    node: change.node === "none" ? undefined : aNode(name, change.node),
  };
  return { view, tasks, isNamed, isExpected };
}

const chosen = (...args: Parameters<typeof chooseLeaving>) =>
  chooseLeaving(...args).map(({ name, why }) => `${name} ${why}`);

describe("who goes when a group shrinks", () => {
  it("is what is not there, then what failed, then what is not ready, then what runs least, then the highest number", () => {
    const all = [
      candidate("node1", 0),
      candidate("node2", 5),
      candidate("node3", 0),
      candidate("node4", 0, { node: { status: "down" } }),
      candidate("node5", 9, { state: { kind: "failed", reason: "no capacity" } }),
      candidate("node6", 0, { absent: true }),
    ];
    expect(chosen(all, 6)).toEqual([
      "node6 not there",
      "node5 could not be made: no capacity",
      "node4 not ready: down",
      "node3 0 tasks, highest number",
      "node1 0 tasks, highest number",
      "node2 5 tasks, highest number",
    ]);
  });

  const manager = (name: string, leader: boolean, reachability: "reachable" | "unreachable" = "reachable") => ({
    ...candidate(name),
    view: { ...candidate(name).view, node: aManagerNode(name, { manager: { leader, reachability, address: "a" } }) },
  });

  it("is the leader only after every other manager", () => {
    expect(chosen([manager("mg1", false), manager("mg2", false), manager("mg3", true)], 3)).toEqual([
      "mg2 0 tasks, highest number",
      "mg1 0 tasks, highest number",
      "mg3 the leader, which goes last",
    ]);
  });

  it("is a manager that does not answer before any that does", () => {
    expect(chosen([manager("mg1", false, "unreachable"), manager("mg2", false), manager("mg3", true)], 1)).toEqual([
      "mg1 does not answer the other managers",
    ]);
  });

  it("is what the file does not name before what it names, however much it has to do", () => {
    const all = [candidate("node1"), candidate("node2", 7, { isNamed: false }), candidate("node3")];
    expect(chosen(all, 2)).toEqual(["node2 not in the file", "node3 0 tasks, highest number"]);
  });

  it("is what is not in the swarm although it should be, and not what never is", () => {
    expect(chosen([candidate("node1", 0, { node: "none" }), candidate("node2")], 1)).toEqual([
      "node1 not in the swarm",
    ]);
    const apart = { node: "none", isExpected: false } as const;
    expect(chosen([candidate("node1", 0, apart), candidate("node2", 0, apart)], 1)).toMatchObject([
      expect.stringContaining("node2"),
    ]);
  });

  it("says nothing of tasks where nobody could count them", () => {
    const uncounted = ["node1", "node2"].map((name) => ({ ...candidate(name), tasks: undefined }));
    expect(chosen(uncounted, 1)).toEqual(["node2 highest number"]);
  });

  it("counts numbers, not letters: node10 is higher than node9", () => {
    expect(chooseLeaving([candidate("node9"), candidate("node10")], 1)).toMatchObject([{ name: "node10" }]);
  });

  it("is the same whatever order the world was listed in", () => {
    const machines = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 0, max: 3 })), {
      selector: ([number]) => number,
    });
    fc.assert(
      fc.property(machines, fc.integer({ min: 0, max: 20 }), (list, count) => {
        const all = list.map(([number, tasks]) => candidate(`node${number}`, tasks));
        expect(chooseLeaving([...all].reverse(), count)).toEqual(chooseLeaving(all, count));
      }),
    );
  });
});

describe("how new machines are called", () => {
  it.for<[readonly string[], number, readonly string[], readonly string[]]>([
    [["node1", "node2"], 2, [], ["node3", "node4"]],
    [["mg0", "mg1"], 1, [], ["mg2"]],
    [["node01", "node02"], 1, [], ["node03"]],
    [["node1", "node7"], 1, [], ["node8"]],
    [["node1"], 2, ["node2"], ["node3", "node4"]],
    [["a2-1", "b1"], 1, [], ["b2"]],
    [["node9007199254740993"], 1, [], ["node9007199254740994"]],
  ])("%j grows by %s to…", ([names, count, taken, expected]) => {
    expect(nextNames("workers", names, count, new Set(taken))).toEqual(expected);
  });

  it("is asked for where the names tell nothing", () => {
    expect(() => nextNames("workers", [], 1, new Set())).toThrow(/it has none now/);
    expect(() => nextNames("workers", ["alpha"], 1, new Set())).toThrow(/alpha ends with no number/);
  });
});
