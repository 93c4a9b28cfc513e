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
])("the former nodes of a machine are %s", (_, nodes, ids) => {
  expect(formerNodes(nodes, { machineId: "m1", nodeId: "n2" }).map(({ id }) => id)).toEqual(ids);
});
