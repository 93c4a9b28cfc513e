import { describe, expect, it } from "vitest";
import { enforce, type GuardedChange, judgeChange, judgeNode } from "../../src/cluster/guards.ts";
import type { MachineView, Observed } from "../../src/cluster/types.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aMachineSpec, aManagerNode, aNode } from "../support/world.ts";

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

  it("counts managers that join before, also where all that is there now goes", () => {
    const joining = ["m4", "m5", "m6"].map((name) => aMachineSpec(name, { role: "manager", group: "managers" }));
    const now = world(m1, m2, m3);
    expect(judgeChange("remove", [m1, m2, m3], { ...now, joining })).toMatchObject({
      verdict: "allowed",
      reasons: [
        "managers that may fail: 2 now, 2 with m2 removed",
        "managers that may fail: 2 now, 1 with m3 removed",
        "managers that may fail: 1 now, 1 with m1 removed",
      ],
    });
    expect(judgeChange("remove", [m2], { ...world(m1, m2, dead), joining: joining.slice(0, 1) }).verdict).toBe("ask");
    const worker = aMachineSpec("w2");
    expect(judgeChange("remove", [m1], { ...world(m1), joining: [worker] }).verdict).toBe("refused");
  });

  it("counts a manager once that is there already and is to be brought up to date", () => {
    const joining = [aMachineSpec("m2", { role: "manager" })];
    expect(judgeChange("remove", [m3], { ...world(m1, m2, m3, w1), joining }).verdict).toBe("ask");
  });

  it("lets a machine go that no group names where there never was a swarm, but no manager of the file", () => {
    const never = { ...silent(loose), swarmless: true };
    expect(judgeChange("remove", [loose], { ...never, machines: [loose, w1] }).verdict).toBe("allowed");
    const manager = view("m1", undefined, "manager");
    expect(judgeChange("remove", [manager], { ...never, machines: [manager, w1] }).verdict).toBe("refused");
  });
});

describe("the guard of one node", () => {
  it("knows no whole cluster: the only manager stays, also where nothing else is there", () => {
    expect(judgeNode("remove", aManagerNode("m1"), world(m1))).toMatchObject({
      verdict: "refused",
      reasons: ["m1 is the only manager: without it there is no swarm"],
    });
  });

  it("judges a node whose machine is gone by its host name", () => {
    const ghost = aManagerNode("m3", { manager: { leader: false, reachability, address: "" } });
    const observed = { ...world(m1, m2), nodes: [...(world(m1, m2).nodes ?? []), ghost] };
    expect(judgeNode("demote", ghost, observed)).toMatchObject({
      verdict: "ask",
      reasons: [expect.stringContaining("m3 demoted")],
    });
  });

  it("tells a node whose machine is gone from the one that has its name now", () => {
    const manager = { leader: false, reachability, address: "" };
    const ghost = aManagerNode("m2", { id: "n-old", status: "down", manager });
    const observed = { ...world(m1, m2, w1), nodes: [...(world(m1, m2).nodes ?? []), ghost] };
    expect(judgeChange("remove", [m2], observed)).toMatchObject({
      verdict: "refused",
      reasons: ["with m2 removed the swarm loses its quorum: 2 of 3 managers answer (not m2 (n-old))"],
    });
    expect(judgeNode("demote", ghost, observed).verdict).toBe("ask");
  });

  it("refuses where nobody answers", () => {
    expect(judgeNode("remove", aManagerNode("m1"), silent(m1, m2)).verdict).toBe("refused");
  });
});
