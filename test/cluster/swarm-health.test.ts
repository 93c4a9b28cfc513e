import { describe, expect, it } from "vitest";
import { healthLine, isHealthy, swarmHealth } from "../../src/cluster/swarm-health.ts";
import type { MachineView, Observed } from "../../src/cluster/types.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aManagerNode, aNode } from "../support/world.ts";

function view(name: string, node?: SwarmNode, state: "running" | "stopped" = "running"): MachineView {
  const role = name.startsWith("mg") ? "manager" : "worker";
  return { name, group: "", role, provider: "local", machine: aMachine(name, { kind: state }), node };
}

function seen(...machines: MachineView[]): Observed {
  return { machines, nodes: machines.flatMap(({ node }) => node ?? []), swarmError: undefined, swarmKnown: true };
}

function unseen(trouble: Observed["trouble"], ...machines: MachineView[]): Observed {
  const why = "mg1 did not answer within 4 s";
  return { machines, nodes: undefined, swarmError: why, swarmKnown: true, ...(trouble ? { trouble } : {}) };
}

const [mg1, mg2, node1] = [
  view("mg1", aManagerNode("mg1")),
  view("mg2", aManagerNode("mg2")),
  view("node1", aNode("node1")),
];
const silent = aManagerNode("mg3", {
  status: "down",
  manager: { leader: false, reachability: "unreachable", address: "" },
});
const down = aNode("node2", { status: "down" });
const cutOff = aNode("mg4", { role: "manager", status: "down" });

describe("the line about the swarm", () => {
  it.each<[string, Observed, string | undefined, boolean]>([
    [
      "says how many managers answer, how many may fail, and how many nodes are ready",
      seen(mg1, mg2, view("mg3", aManagerNode("mg3")), node1),
      "swarm: 3 of 3 managers answer, 1 may fail · 4 of 4 nodes ready",
      true,
    ],
    [
      "names who does not answer and who is not ready",
      seen(mg1, mg2, view("mg3", silent), node1, view("node2", down)),
      "swarm: 2 of 3 managers answer, 0 may fail · 3 of 5 nodes ready (not mg3,node2)",
      false,
    ],
    [
      "counts members of Raft, and no manager that a swarm formed anew has cut off",
      seen(mg1, view("mg4", cutOff)),
      "swarm: 1 of 1 managers answer, 0 may fail · 1 of 2 nodes ready (not mg4)",
      false,
    ],
    [
      "counts nodes without machines, by their ids where their names are taken",
      { ...seen(mg1), nodes: [...(seen(mg1).nodes ?? []), aNode("mg1", { id: "n-old", status: "down" })] },
      "swarm: 1 of 1 managers answer, 0 may fail · 1 of 2 nodes ready (not mg1 (n-old))",
      false,
    ],
    [
      "says that the quorum is lost, and how to start those that are off",
      unseen(
        { kind: "no-quorum", machines: ["mg1"], managers: 3 },
        view("mg1"),
        view("mg2", undefined, "stopped"),
        view("mg3", undefined, "stopped"),
      ),
      "swarm: quorum lost (1 of 3 managers answer, 2 are needed): belt start 'mg[2:3]'",
      false,
    ],
    [
      "says so too where most managers are off and the last one cannot be asked",
      unseen({ kind: "silent" }, view("mg1"), view("mg2", undefined, "stopped"), view("mg3", undefined, "stopped")),
      "swarm: quorum lost (0 of 3 managers answer, 2 are needed): belt start 'mg[2:3]'",
      false,
    ],
    [
      "says that nobody answers where the machines run",
      unseen({ kind: "silent" }, view("mg1"), view("node1")),
      "swarm: no manager answers (mg1 did not answer within 4 s)",
      false,
    ],
    [
      "says who waits for the unlock key",
      unseen({ kind: "locked", machines: ["mg1"] }, view("mg1")),
      "swarm: locked: mg1 waits for the unlock key: belt ssh mg1 -- docker swarm unlock",
      false,
    ],
    [
      "is not there before there is a swarm",
      { ...unseen({ kind: "absent" }, view("mg1")), swarmKnown: false },
      undefined,
      true,
    ],
    ["is not there where the swarm was not asked", unseen(undefined, view("mg1")), undefined, true],
  ])("%s", (_, observed, line, healthy) => {
    const health = swarmHealth(observed);
    expect(healthLine(health)).toBe(line);
    expect(isHealthy(health)).toBe(healthy);
  });
});
