import { describe, expect, it } from "vitest";
import type { LocalSwarm } from "../../src/swarm/engine.ts";
import { type ExpectedSwarm, membershipOf } from "../../src/swarm/membership.ts";

const inactive: LocalSwarm = {
  state: "inactive",
  nodeId: "",
  nodeAddress: "",
  isManager: false,
  error: "",
  swarmId: undefined,
  managers: [],
};
const ours = "10.0.0.1:2377";
const theirs = "192.0.2.9:2377";
const all: ExpectedSwarm = { swarmId: "s1", nodes: [{ id: "n1" }, { id: "n2" }], managers: [ours] };
const noList: ExpectedSwarm = { ...all, nodes: undefined };
const nothing: ExpectedSwarm = { swarmId: undefined, nodes: undefined, managers: [] };

const cases: readonly (readonly [string, Partial<LocalSwarm>, ExpectedSwarm, string])[] = [
  ["an engine in no swarm", {}, all, "none"],
  ["a worker that the managers list", { state: "active", nodeId: "n2", managers: [ours] }, all, "member"],
  ["a manager that the managers list", { state: "active", nodeId: "n1", swarmId: "s1" }, all, "member"],
  [
    "a manager of the swarm whose list nobody could read",
    { state: "active", nodeId: "n7", swarmId: "s1" },
    noList,
    "member",
  ],
  [
    "a worker of our managers when nobody could read the list",
    { state: "active", nodeId: "n7", managers: [ours] },
    noList,
    "member",
  ],
  [
    "a worker of other managers when nobody could read the list",
    { state: "active", nodeId: "n7", managers: [theirs] },
    noList,
    "foreign",
  ],
  ["a worker that no manager lists", { state: "active", nodeId: "n9", managers: [theirs] }, all, "foreign"],
  [
    "a worker that was removed from our list and knows nothing of it",
    { state: "active", nodeId: "n9", managers: [ours] },
    all,
    "half-joined",
  ],
  ["a manager of another swarm", { state: "active", nodeId: "n1", swarmId: "s2" }, noList, "foreign"],
  [
    "a member of any swarm when none is expected",
    { state: "active", nodeId: "n1", managers: [ours] },
    nothing,
    "foreign",
  ],
  ["a join under way to our managers", { state: "pending", managers: [ours] }, all, "half-joined"],
  ["a join under way to other managers", { state: "pending", managers: [theirs] }, all, "foreign"],
  [
    "a node of ours that has lost its managers",
    { state: "pending", nodeId: "n2", managers: [ours] },
    all,
    "half-joined",
  ],
  [
    "a node of another swarm that has lost its managers",
    { state: "pending", nodeId: "n9", managers: [theirs] },
    all,
    "foreign",
  ],
  ["an engine that gave up joining", { state: "error", error: "no route to host" }, all, "half-joined"],
  ["a locked manager", { state: "locked" }, all, "half-joined"],
];

describe("membership", () => {
  it.each(cases)("of %s", (_title, local, expected, kind) => {
    expect(membershipOf({ ...inactive, ...local }, expected).kind).toBe(kind);
  });

  it.each([
    ["pending", "joining", "its engine is still trying to reach 10.0.0.1:2377"],
    ["error", "failed", "its engine says: no route to host"],
    ["locked", "locked", "its swarm state is locked and waits for the unlock key"],
  ] as const)("half way in state %s is %s, and says why", (state, cause, reason) => {
    const local: LocalSwarm = { ...inactive, state, error: "no route to host", managers: [ours] };
    expect(membershipOf(local, all)).toEqual({ kind: "half-joined", nodeId: "", cause, reason });
  });

  it("that the managers have ended says so", () => {
    const worker: LocalSwarm = { ...inactive, state: "active", nodeId: "n9", managers: [ours] };
    expect(membershipOf(worker, all)).toMatchObject({
      cause: "failed",
      reason: "its managers at 10.0.0.1:2377 have node n9 no more on their list",
    });
  });

  it("elsewhere says where", () => {
    const worker: LocalSwarm = { ...inactive, state: "active", nodeId: "n9", managers: [theirs] };
    expect(membershipOf(worker, all)).toEqual({
      kind: "foreign",
      reason: "it is in another swarm as node n9, whose managers are at 192.0.2.9:2377",
    });
  });
});
