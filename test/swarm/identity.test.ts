import { expect, it } from "vitest";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { formerNodes, machineLabel } from "../../src/swarm/identity.ts";
import { aNode } from "../support/world.ts";

const node = (id: string, machine: string, role: SwarmNode["role"] = "worker"): SwarmNode =>
  aNode("node1", { id, role, labels: machine === "" ? {} : { [machineLabel]: machine } });

it.each([
  ["nothing when the machine is one node only", [node("n2", "m1")], []],
  ["nothing of other machines, and nothing that is linked to none", [node("n1", "m2"), node("n3", "")], []],
  ["what the machine was when it joined before", [node("n1", "m1"), node("n2", "m1")], ["n1"]],
  ["no manager, which has to be demoted first", [node("n1", "m1", "manager"), node("n2", "m1")], []],
  [
    "no worker that is still a member of Raft",
    [{ ...node("n1", "m1"), manager: { leader: false, reachability: "reachable", address: "" } }, node("n2", "m1")],
    [],
  ],
  [
    "none that is at the address of another machine: its state was restored there",
    [{ ...node("n1", "m1"), address: "192.0.2.9" }, node("n2", "m1")],
    [],
  ],
  [
    "what is down, wherever it was",
    [{ ...node("n1", "m1"), address: "192.0.2.9", status: "down" }, node("n2", "m1")],
    ["n1"],
  ],
] satisfies [string, SwarmNode[], string[]][])("the former nodes of a machine are %s", (_, nodes, ids) => {
  expect(formerNodes(nodes, { machineId: "m1", nodeId: "n2", addresses: ["192.0.2.1"] }).map(({ id }) => id)).toEqual(
    ids,
  );
});
