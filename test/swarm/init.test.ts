import { beforeEach, describe, expect, it } from "vitest";
import type { InitRequest } from "../../src/swarm/engine.ts";
import { initSwarm, type SwarmInit } from "../../src/swarm/init.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";

const signal = new AbortController().signal;
const request: InitRequest = {
  advertiseAddress: "10.0.0.1",
  dataPathAddress: "10.0.0.1",
  listenAddress: "10.0.0.1:2377",
  addressPools: [],
  autolock: false,
  certExpiryHours: 2160,
  labels: { "belt.cluster-id": "c1" },
};

let clock: FakeClock;
let engine: FakeEngine;
let init: SwarmInit;

beforeEach(() => {
  clock = new FakeClock();
  engine = new FakeEngine("mg0");
  init = { request, swarmId: undefined, clock };
});

describe("init", () => {
  it("makes a swarm on an engine that is in none", async () => {
    expect(await initSwarm(engine, init, signal)).toEqual({
      nodeId: "mg0-id",
      swarmId: "swarm-of-mg0",
      effect: "changed",
    });
  });

  it("again changes nothing, by the cluster's label alone: as after a run that was cut off", async () => {
    await initSwarm(engine, init, signal);
    engine.calls.length = 0;
    expect((await initSwarm(engine, init, signal)).effect).toBe("unchanged");
    expect(engine.calls).toEqual(["info", "swarmInspect"]);
  });

  it("changes nothing on a manager of the swarm that is known by its id", async () => {
    engine.enter(new FakeSwarm("s1"), "manager");
    const result = await initSwarm(engine, { ...init, swarmId: "s1" }, signal);
    expect(result).toEqual({ nodeId: "mg0-id", swarmId: "s1", effect: "unchanged" });
  });

  it("refuses a manager of a swarm that is not ours, and leaves it alone", async () => {
    engine.enter(new FakeSwarm("s2"), "manager");
    await expect(initSwarm(engine, { ...init, swarmId: "s1" }, signal)).rejects.toMatchObject({
      code: "swarm.foreign",
      message: expect.stringContaining("mg0 is not in this cluster's swarm: it is a manager of the swarm s2"),
    });
    expect(engine.calls).not.toContain("swarmLeave");
  });

  it("refuses a worker", async () => {
    engine.enter(new FakeSwarm("s2"), "worker");
    await expect(initSwarm(engine, init, signal)).rejects.toMatchObject({ code: "swarm.foreign" });
  });

  it("refuses a locked manager with the way to unlock it", async () => {
    engine.local = { ...engine.local, state: "locked" };
    await expect(initSwarm(engine, init, signal)).rejects.toMatchObject({
      code: "swarm.locked",
      hint: "belt ssh mg0 -- docker swarm unlock",
    });
  });

  it("waits for an engine that was just restarted", async () => {
    const swarm = new FakeSwarm("s1");
    engine.enter(swarm, "manager");
    const active = engine.local;
    engine.local = { ...active, state: "pending" };
    const back = (): void => {
      engine.local = active;
    };
    engine.next.set("info", [() => {}, () => {}, back]);
    const result = await clock.runUntil(initSwarm(engine, { ...init, swarmId: "s1" }, signal));
    expect(result.effect).toBe("unchanged");
    expect(clock.elapsed()).toBeLessThan(100);
  });

  it("gives up on one that stays in between, saying what it says", async () => {
    engine.local = { ...engine.local, state: "error", error: "certificate expired" };
    await expect(clock.runUntil(initSwarm(engine, init, signal))).rejects.toMatchObject({
      code: "swarm.half-joined",
      message: "mg0 is half in a swarm: its engine says: certificate expired",
    });
    expect(clock.elapsed()).toBe(30_000);
  });
});
