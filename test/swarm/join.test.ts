import { beforeEach, describe, expect, it } from "vitest";
import { joinSwarm, type SwarmJoin } from "../../src/swarm/join.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";

const signal = new AbortController().signal;
const timedOut =
  "Timeout was reached before node joined. The attempt to join the swarm will continue in the background.";

let clock: FakeClock;
let swarm: FakeSwarm;
let manager: FakeEngine;
let engine: FakeEngine;
let join: SwarmJoin;

beforeEach(() => {
  clock = new FakeClock();
  const network = new Map<string, FakeSwarm>();
  swarm = new FakeSwarm("s1");
  manager = new FakeEngine("mg0", network);
  manager.enter(swarm, "manager");
  engine = new FakeEngine("node1", network);
  const addresses = { advertiseAddress: "10.0.0.2", dataPathAddress: "10.0.0.2", listenAddress: "10.0.0.2:2377" };
  const request = { ...addresses, managers: ["mg0:2377"] };
  join = { engine, managers: [manager], role: "worker", request, repair: true, clock };
});

/** The engine's answer to a join that it goes on with, and what it says of itself from then on. */
function goesOn(): void {
  engine.next.set("swarmJoin", [
    () => {
      engine.local = { ...engine.local, state: "pending", managers: ["mg0:2377"] };
      throw engine.refuses("POST /swarm/join", timedOut);
    },
  ]);
}

describe("a machine in no swarm", () => {
  it.each(["worker", "manager"] as const)("joins as %s with that role's token", async (role) => {
    const result = await joinSwarm({ ...join, role }, signal);
    expect(result).toEqual({ nodeId: "node1-id", effect: "changed" });
    expect(swarm.nodes.get("node1-id")?.role).toBe(role);
    expect(engine.joins[0]?.token.reveal()).toBe(swarm.tokens[role]);
  });

  it("asks the manager for the token only", async () => {
    manager.calls.length = 0;
    await joinSwarm(join, signal);
    expect(manager.calls).toEqual(["swarmInspect"]);
  });

  it("gets the token from the next manager when the first does not answer", async () => {
    const gone = new FakeEngine("mg1");
    gone.next.set("swarmInspect", [gone.refuses("GET /swarm", "The swarm does not have a leader.")]);
    expect((await joinSwarm({ ...join, managers: [gone, manager] }, signal)).effect).toBe("changed");
  });

  it("tries each address in turn, since an engine looks at the first only", async () => {
    const request = { ...join.request, managers: ["mg9:2377", "mg0:2377"] };
    expect((await joinSwarm({ ...join, request }, signal)).effect).toBe("changed");
    expect(engine.joins.map(({ managers }) => managers[0])).toEqual(["mg9:2377", "mg0:2377"]);
  });

  it("fails by name when no manager can be reached from it", async () => {
    const request = { ...join.request, managers: ["mg9:2377"] };
    await expect(joinSwarm({ ...join, request }, signal)).rejects.toMatchObject({
      code: "swarm.unreachable",
      hint: expect.stringContaining("node1 must reach the manager on TCP port 2377"),
    });
  });

  it("fails as a matter of the token when that was rotated in between", async () => {
    manager.next.set("swarmInspect", [() => {}]);
    engine.next.set("swarmJoin", [
      () => {
        swarm.tokens = { worker: "SWMTKN-1-new", manager: "SWMTKN-1-newer" };
      },
    ]);
    await expect(joinSwarm(join, signal)).rejects.toMatchObject({ code: "swarm.token", retryable: true });
  });
});

describe("a machine that is in already", () => {
  it("is left as it is", async () => {
    engine.enter(swarm, "worker");
    expect(await joinSwarm(join, signal)).toEqual({ nodeId: "node1-id", effect: "unchanged" });
    expect(engine.joins).toEqual([]);
  });

  it("is refused when it is in another swarm, also with leave to repair", async () => {
    engine.enter(new FakeSwarm("s2"), "worker", "elsewhere:2377");
    engine.local = { ...engine.local, nodeId: "other-id" };
    await expect(joinSwarm(join, signal)).rejects.toMatchObject({ code: "swarm.foreign" });
    expect(engine.calls).toEqual(["info"]);
  });
});

describe("a join that the engine gave up waiting for", () => {
  it("is watched until the machine is in and a manager lists it", async () => {
    goesOn();
    const joining = joinSwarm(join, signal);
    await clock.advance(40_000);
    engine.enter(swarm, "worker");
    expect(await clock.runUntil(joining)).toEqual({ nodeId: "node1-id", effect: "changed" });
  });

  it("waits for the manager's list, which may come later", async () => {
    goesOn();
    const joining = joinSwarm(join, signal);
    await clock.advance(1_000);
    engine.enter(swarm, "worker");
    const node = swarm.nodes.get("node1-id");
    swarm.nodes.delete("node1-id");
    await clock.advance(5_000);
    if (node) swarm.nodes.set(node.id, node);
    expect((await clock.runUntil(joining)).nodeId).toBe("node1-id");
    expect(clock.elapsed()).toBeGreaterThanOrEqual(6_000);
  });

  it("outlives a manager that has no leader for a while", async () => {
    goesOn();
    const joining = joinSwarm(join, signal);
    await clock.advance(1_000);
    engine.enter(swarm, "worker");
    const noLeader = (): Error => manager.refuses("GET /nodes", "The swarm does not have a leader.", 500);
    manager.next.set("nodes", [noLeader(), noLeader(), noLeader()]);
    expect((await clock.runUntil(joining)).effect).toBe("changed");
  });

  it("fails when the engine gives up for good, with the engine's reason", async () => {
    goesOn();
    const joining = joinSwarm(join, signal);
    const seen = joining.catch((error: unknown) => error);
    await clock.advance(1_000);
    engine.local = { ...engine.local, state: "error", error: "no route to host" };
    await clock.advance(2_000);
    expect(await seen).toMatchObject({
      code: "swarm.join",
      message: "node1 could not join the swarm: no route to host",
      hint: expect.stringContaining("mg0:2377"),
    });
  });

  it("fails when the deadline passes, and not before", async () => {
    goesOn();
    await expect(clock.runUntil(joinSwarm({ ...join, deadlineMs: 60_000 }, signal))).rejects.toMatchObject({
      code: "swarm.join",
      message: "node1 did not join the swarm within 60 s",
      retryable: true,
    });
    expect(clock.elapsed()).toBe(60_000);
  });

  it("stops being watched when the caller aborts", async () => {
    goesOn();
    const controller = new AbortController();
    const seen = joinSwarm(join, controller.signal).catch((error: unknown) => error);
    await clock.advance(1_000);
    controller.abort(new Error("interrupted"));
    expect(await seen).toMatchObject({ message: "interrupted" });
  });
});

describe("a machine that is half in", () => {
  it("is watched when its engine is still at it, and no second join is begun", async () => {
    engine.local = { ...engine.local, state: "pending", managers: ["mg0:2377"] };
    const joining = joinSwarm(join, signal);
    await clock.advance(2_000);
    engine.enter(swarm, "worker");
    expect((await clock.runUntil(joining)).effect).toBe("changed");
    expect(engine.joins).toEqual([]);
  });

  it("leaves and joins anew when its attempt failed and it may be repaired", async () => {
    engine.local = { ...engine.local, state: "error", error: "gave up" };
    expect((await joinSwarm(join, signal)).effect).toBe("changed");
    expect(engine.calls.filter((call) => call !== "info")).toEqual(["swarmLeave", "swarmJoin"]);
  });

  it("is refused when its attempt failed and it may not be repaired", async () => {
    engine.local = { ...engine.local, state: "error", error: "gave up" };
    await expect(joinSwarm({ ...join, repair: false }, signal)).rejects.toMatchObject({
      code: "swarm.half-joined",
      message: "node1 is half in a swarm: its engine says: gave up",
    });
    expect(engine.calls).toEqual(["info"]);
  });

  it("is refused when it is a locked manager", async () => {
    engine.local = { ...engine.local, state: "locked" };
    await expect(joinSwarm(join, signal)).rejects.toMatchObject({ code: "swarm.locked" });
  });
});
