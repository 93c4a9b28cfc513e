import { describe, expect, it } from "vitest";
import type { SwarmNode, SwarmService } from "../../src/swarm/engine.ts";
import { shortagesOf } from "../../src/swarm/shortage.ts";
import { aManagerNode, aNode, aTask } from "../support/world.ts";

const service = (change: Partial<SwarmService> = {}): SwarmService => ({
  ...{ id: "s1", name: "db", isReplicated: true, running: 1, desired: 1, constraints: [], maxPerNode: 0 },
  ...change,
});

const nodes: readonly SwarmNode[] = [
  aManagerNode("mg1"),
  aNode("node1", { labels: { disk: "ssd" } }),
  aNode("node2", { labels: { disk: "HDD" } }),
];

/** What is told when node1 goes, of tasks that run on these nodes. */
function told(one: SwarmService, on: readonly string[], among: readonly SwarmNode[] = nodes): readonly string[] {
  const tasks = on.map((name) => aTask("s1", { nodeId: `n-${name}` }));
  const found = shortagesOf({ services: [one], tasks, nodes: among }, new Set(["n-node1"]));
  return found.map(({ service: name, kind, says }) => `${kind}: ${name} ${says}`);
}

const stuck = (why: string) => [`stuck: db has nowhere to go with its task on node1: no node that stays fits ${why}`];
const away = ["away: db is away until it has started elsewhere: its only replica runs on node1"];

describe("when node1 goes, a service", () => {
  it.each<[string, Partial<SwarmService>, readonly string[], readonly string[]]>([
    ["whose only replica runs there", {}, ["node1"], away],
    ["that runs elsewhere too", { desired: 2 }, ["node1", "node2"], []],
    ["that runs elsewhere only", {}, ["node2"], []],
    [
      "whose replicas all run there",
      { desired: 2 },
      ["node1", "node1"],
      [away[0]?.replace("its only replica runs", "all its 2 replicas run") ?? ""],
    ],
    ["with one task a node", { isReplicated: false }, ["mg1", "node1", "node2"], []],
    ["that is pinned to its id", { constraints: ["node.id==n-node1"] }, ["node1"], stuck("node.id==n-node1")],
    [
      "that is pinned to its name",
      { constraints: ["node.hostname == NODE1"] },
      ["node1"],
      stuck("node.hostname == NODE1"),
    ],
    [
      "that is pinned to a label",
      { constraints: ["node.labels.disk==ssd"] },
      ["node1"],
      stuck("node.labels.disk==ssd"),
    ],
    [
      "that is pinned, and runs elsewhere all the same",
      { desired: 2, constraints: ["node.labels.disk==ssd"] },
      ["node1", "node2"],
      stuck("node.labels.disk==ssd"),
    ],
    ["that another node's label suits too, in any case", { constraints: ["node.labels.disk==hdd"] }, ["node1"], away],
    [
      "that wants no manager and no other disk",
      { constraints: ["node.role!=manager", "node.labels.disk!=hdd"] },
      ["node1"],
      stuck("node.role!=manager, node.labels.disk!=hdd"),
    ],
    ["that a label keeps away that others do not have", { constraints: ["node.labels.disk!=ssd"] }, ["node1"], away],
    ["with a constraint that only engines can answer", { constraints: ["node.platform.os==linux"] }, ["node1"], away],
    [
      "that has no room on those that stay",
      { desired: 3, maxPerNode: 1 },
      ["mg1", "node1", "node2"],
      ["crowded: db keeps 2 of 3 replicas: at most 1 may run on a node"],
    ],
  ])("%s", (_, change, on, expected) => {
    expect(told(service(change), on)).toEqual(expected);
  });

  it("goes nowhere where the others are drained, paused or down", () => {
    const closed = [aNode("node1"), aNode("node2", { availability: "drain" }), aManagerNode("mg1", { status: "down" })];
    expect(told(service(), ["node1"], closed)).toEqual([
      "stuck: db has nowhere to go with its task on node1: no node that stays takes tasks",
    ]);
  });

  it("is not short of tasks that end anyway, or have no node", () => {
    const tasks = [aTask("s1", { nodeId: "n-node1", isEnding: true }), aTask("s1", { nodeId: "" })];
    expect(shortagesOf({ services: [service()], tasks, nodes }, new Set(["n-node1"]))).toEqual([]);
  });
});
