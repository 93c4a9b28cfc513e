import { beforeEach, describe, expect, it } from "vitest";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { type ExpectedNode, faultsOf, verifySwarm } from "../../src/swarm/verify.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeEngine, FakeSwarm, readyNode } from "../support/fake-swarm.ts";

const signal = new AbortController().signal;

let clock: FakeClock;
let swarm: FakeSwarm;
let manager: FakeEngine;
let expected: readonly ExpectedNode[];

beforeEach(() => {
  clock = new FakeClock();
  swarm = new FakeSwarm("s1");
  manager = new FakeEngine("mg0");
  expected = [
    { name: "mg0", nodeId: manager.enter(swarm, "manager"), role: "manager" },
    { name: "node1", nodeId: new FakeEngine("node1").enter(swarm, "worker"), role: "worker" },
  ];
});

function verify(deadlineMs = 30_000): Promise<readonly SwarmNode[]> {
  return clock.runUntil(verifySwarm(manager, expected, { deadlineMs, clock }, signal));
}

describe("a swarm that is as it should be", () => {
  it("is seen at the first look, and its nodes are given in the order asked", async () => {
    expect((await verify()).map((node) => node.hostname)).toEqual(["mg0", "node1"]);
    expect(clock.elapsed()).toBe(0);
  });

  it("may have other nodes, which are not given", async () => {
    swarm.nodes.set("x", readyNode("x", "stranger", "worker"));
    swarm.touch("x", { status: "down" });
    expect(await verify()).toHaveLength(2);
  });

  it("is seen within milliseconds when a node gets ready a moment later", async () => {
    swarm.touch("node1-id", { status: "unknown" });
    manager.next.set("nodes", [() => {}, () => swarm.touch("node1-id", { status: "ready" })]);
    await verify();
    expect(clock.elapsed()).toBe(10);
  });

  it("is waited for through an election", async () => {
    manager.next.set("nodes", [manager.refuses("GET /nodes", "The swarm does not have a leader.", 500)]);
    expect(await verify()).toHaveLength(2);
  });
});

describe("a swarm that is not as it should be", () => {
  it("fails after the deadline, naming each node and what is wrong with it", async () => {
    swarm.touch("mg0-id", { role: "worker", manager: undefined });
    swarm.touch("node1-id", { status: "down", message: "heartbeat failure" });
    await expect(verify()).rejects.toMatchObject({
      code: "swarm.unverified",
      message:
        "seen from mg0 after 30 s, mg0 (node mg0-id) is a worker and should be a manager; node1 (node node1-id) is down (heartbeat failure)",
    });
    expect(clock.elapsed()).toBe(30_000);
  });

  it("fails with what the manager says when it has had no leader all the time", async () => {
    const noLeader = manager.refuses("GET /nodes", "The swarm does not have a leader.", 500);
    manager.next.set(
      "nodes",
      Array.from({ length: 100 }, () => noLeader),
    );
    await expect(verify()).rejects.toMatchObject({
      code: "swarm.unverified",
      message: expect.stringContaining("leader"),
      cause: noLeader,
    });
  });

  it("fails at once with an error that does not pass", async () => {
    manager.next.set("nodes", [manager.refuses("GET /nodes", "This node is not a swarm manager.")]);
    await expect(verify()).rejects.toMatchObject({ code: "engine.refused" });
    expect(clock.elapsed()).toBe(0);
  });
});

describe("what is wrong", () => {
  const want: ExpectedNode = { name: "mg1", nodeId: "n1", role: "manager" };
  const node = readyNode("n1", "mg1", "manager");

  it.each<readonly [string, readonly SwarmNode[], readonly string[]]>([
    ["nothing", [node], []],
    ["a node that is not there", [], ["mg1 (node n1) is not in the swarm"]],
    ["a node that is disconnected", [{ ...node, status: "disconnected" }], ["mg1 (node n1) is disconnected"]],
    [
      "a manager that the others do not reach",
      [{ ...node, manager: { leader: false, reachability: "unreachable", address: "a" } }],
      ["mg1 (node n1) is a manager that the others do not reach (unreachable)"],
    ],
    [
      "a manager that has not started as one",
      [{ ...node, manager: undefined }],
      ["mg1 (node n1) is a manager that the others do not reach (not yet started)"],
    ],
  ])("with %s", (_title, nodes, faults) => {
    expect(faultsOf(nodes, [want])).toEqual(faults);
  });

  it("with two machines that are one node, as after a copy", () => {
    const twin = { ...want, name: "mg2" };
    expect(faultsOf([node], [want, twin])).toEqual(["mg2 is the same node as mg1 (n1): is one a copy of the other?"]);
  });
});
