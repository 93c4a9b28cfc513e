import { describe, expect, it } from "vitest";
import { guardManagers } from "../../src/cluster/guards.ts";
import type { MachineView } from "../../src/cluster/types.ts";
import { aMachine, aManagerNode, aNode } from "../support/world.ts";

const manager: MachineView = {
  name: "m1",
  group: "managers",
  role: "manager",
  provider: "local",
  machine: aMachine("m1"),
  node: aManagerNode("m1"),
};
const worker: MachineView = { ...manager, name: "w1", role: "worker", machine: aMachine("w1"), node: aNode("w1") };
const loose: MachineView = { ...worker, name: "x1", role: undefined, node: undefined, machine: aMachine("x1") };
const answered = { machines: [manager, worker, loose], nodes: [] };
const silent = { machines: [manager, worker, loose], nodes: undefined };

describe("the guard of the managers", () => {
  it.each([
    ["a manager by itself", [manager], answered],
    ["a node that was promoted by hand", [{ ...worker, node: aManagerNode("w1") }], answered],
    ["a manager of the file when the swarm cannot be asked", [{ ...manager, node: undefined }], silent],
    ["a machine that no group names when the swarm cannot be asked", [loose], silent],
  ])("refuses to take away %s", (_, targets, world) => {
    expect(() => guardManagers("remove", targets, world)).toThrow(expect.objectContaining({ code: "guard.quorum" }));
  });

  it.each([
    ["a worker", [worker], answered],
    ["a worker when the swarm cannot be asked", [{ ...worker, node: undefined }], silent],
    ["the whole cluster", [manager, worker, loose], answered],
    ["a manager of the file that the swarm knows as a worker", [{ ...manager, node: aNode("m1") }], answered],
    ["a machine in no swarm", [loose], answered],
  ])("lets %s go", (_, targets, world) => {
    expect(() => guardManagers("remove", targets, world)).not.toThrow();
  });

  it("does not count machines that do not exist as part of the whole cluster", () => {
    const absent: MachineView = { ...worker, name: "w2", machine: undefined, node: undefined };
    const world = { machines: [manager, worker, absent], nodes: [] };
    expect(() => guardManagers("stop", [manager, worker], world)).not.toThrow();
  });
});
