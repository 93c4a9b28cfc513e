import { describe, expect, it } from "vitest";
import { enforce, type GuardedChange, guardData, judgeChange } from "../../src/cluster/guards.ts";
import type { MachineView, Observed } from "../../src/cluster/types.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";
import { aMachine, aManagerNode, aNode } from "../support/world.ts";

const signal = new AbortController().signal;

function view(name: string, node: SwarmNode | undefined, role: MachineView["role"] = "worker"): MachineView {
  return { name, group: "", role, provider: "local", machine: aMachine(name), node };
}

const reachability = "unreachable" as const;
const m1 = view(
  "m1",
  aManagerNode("m1", { manager: { leader: true, reachability: "reachable", address: "" } }),
  "manager",
);
const m2 = view("m2", aManagerNode("m2"), "manager");
const m3 = view("m3", aManagerNode("m3"), "manager");
const dead = view("m3", aManagerNode("m3", { manager: { leader: false, reachability, address: "" } }), "manager");
const w1 = view("w1", aNode("w1"));
const loose: MachineView = { ...view("x1", undefined), role: undefined };

function world(...machines: MachineView[]): Observed {
  const nodes = machines.flatMap(({ node }) => node ?? []);
  return { machines, nodes, swarmError: undefined };
}
const silent = (...machines: MachineView[]): Observed => ({ machines, nodes: undefined, swarmError: "no answer" });

describe("the guard of the managers", () => {
  it.each<[string, GuardedChange, MachineView[], Observed, string]>([
    ["removing a worker", "remove", [w1], world(m1, w1), "allowed"],
    ["removing the only manager", "remove", [m1], world(m1, w1), "refused"],
    ["removing the whole cluster", "remove", [m1, w1], world(m1, w1), "allowed"],
    ["demoting the only manager of a cluster of one", "demote", [m1], world(m1), "refused"],
    ["removing one of three", "remove", [m2], world(m1, m2, m3, w1), "ask"],
    ["removing two of three", "remove", [m2, m3], world(m1, m2, m3, w1), "ask"],
    ["stopping two of three", "stop", [m2, m3], world(m1, m2, m3, w1), "refused"],
    ["restarting two of three, one after the other", "restart", [m2, m3], world(m1, m2, m3, w1), "ask"],
    ["removing an answering one of three when another is dead", "remove", [m2], world(m1, m2, dead, w1), "refused"],
    ["removing the dead one of three", "remove", [dead], world(m1, m2, dead, w1), "ask"],
    ["promoting a worker", "promote", [w1], world(m1, w1), "allowed"],
    ["a machine in no swarm", "remove", [loose], world(m1, w1, loose), "allowed"],
    ["a worker of the file when nobody answers", "remove", [view("w1", undefined)], silent(m1, w1), "allowed"],
    [
      "a manager of the file when nobody answers",
      "stop",
      [view("m1", undefined, "manager")],
      silent(m1, w1),
      "refused",
    ],
    ["a machine that no group names when nobody answers", "remove", [loose], silent(m1, w1, loose), "refused"],
  ])("judges %s", (_, kind, targets, observed, verdict) => {
    expect(judgeChange(kind, targets, observed).verdict).toBe(verdict);
  });

  it("takes the leader last, whatever the order of the words", () => {
    const { reasons } = judgeChange("remove", [m1, m3], world(m1, m2, m3, w1));
    expect(reasons.map((reason) => /with (m\d)/.exec(reason)?.[1])).toEqual(["m3", "m1"]);
  });

  it("does not count machines that do not exist as part of the whole cluster", () => {
    const absent: MachineView = { ...w1, name: "w2", machine: undefined, node: undefined };
    expect(judgeChange("stop", [m1, w1], world(m1, w1, absent)).verdict).toBe("allowed");
  });

  it("throws what the quorum cannot bear always, and what leaves nothing to spare unless that was accepted", () => {
    const refused = judgeChange("remove", [m1], world(m1, w1));
    expect(() => enforce(refused, true)).toThrow(expect.objectContaining({ code: "guard.quorum" }));
    const ask = judgeChange("remove", [m2], world(m1, m2, m3, w1));
    expect(() => enforce(ask, false)).toThrow(expect.objectContaining({ code: "guard.no-spare" }));
    expect(() => enforce(ask, true)).not.toThrow();
  });
});

describe("the guard of data", () => {
  const manager = new FakeEngine("m1");
  const swarm = new FakeSwarm("s1");
  manager.enter(swarm, "manager");

  it("refuses to move a task away from a volume of its node, naming service and volume", async () => {
    swarm.tasks = [{ nodeId: "n1", serviceId: "db", state: "running", isEnding: false, localVolumes: ["pgdata"] }];
    await expect(guardData(manager, aNode("w1"), signal)).rejects.toMatchObject({
      code: "guard.data",
      message: expect.stringMatching(/service db uses pgdata/),
      hint: expect.stringContaining("--move-local-volumes"),
    });
  });

  it("lets tasks go that keep nothing on their node", async () => {
    swarm.tasks = [
      { nodeId: "n1", serviceId: "web", state: "running", isEnding: false, localVolumes: [] },
      { nodeId: "n1", serviceId: "gone", state: "running", isEnding: true, localVolumes: ["old"] },
    ];
    await expect(guardData(manager, aNode("w1"), signal)).resolves.toBeUndefined();
  });
});
