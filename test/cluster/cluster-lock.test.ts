import path from "node:path";
import { describe, expect, it } from "vitest";
import { type ClusterLock, takeClusterLock } from "../../src/cluster/cluster-lock.ts";
import { FakeClock } from "../support/clock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";
import { temporaryFolder } from "../support/temporary.ts";

const signal = new AbortController().signal;

/** Two managers of one swarm, a clock, and a folder for each of two operators. */
async function setting() {
  const space = await temporaryFolder();
  const clock = new FakeClock();
  const swarm = new FakeSwarm("s1");
  const [mg1, mg2] = [new FakeEngine("mg1"), new FakeEngine("mg2")];
  for (const engine of [mg1, mg2]) engine.enter(swarm, "manager");
  const take = (operator: string, command = "belt up"): Promise<ClusterLock> => {
    const deps = testDependencies(space.path, { clock, username: operator, hostname: `${operator}-host` });
    return takeClusterLock(path.join(space.path, operator, "lock"), { command, after: 0 }, deps);
  };
  return { clock, swarm, mg1, mg2, take, [Symbol.asyncDispose]: () => space[Symbol.asyncDispose]() };
}

const label = (swarm: FakeSwarm): { user: string; fence: number } | undefined =>
  swarm.labels["belt.lock"] === undefined ? undefined : JSON.parse(swarm.labels["belt.lock"]);

describe("the lock in the swarm", () => {
  it("is written with the first change and not before, and is gone at the end", async () => {
    await using all = await setting();
    const lock = await all.take("ann");
    await lock.meet(all.mg1, signal);
    expect(label(all.swarm)).toBeUndefined();
    await lock.assertHeld();
    expect(label(all.swarm)).toMatchObject({ user: "ann" });
    await lock[Symbol.asyncDispose]();
    expect(label(all.swarm)).toBeUndefined();
  });

  it("is written by one request however many changes begin at once", async () => {
    await using all = await setting();
    await using lock = await all.take("ann");
    await lock.meet(all.mg1, signal);
    await Promise.all(Array.from({ length: 50 }, () => lock.assertHeld()));
    expect(all.mg1.calls.filter((call) => call === "setSwarmLabels")).toHaveLength(1);
  });

  it("keeps an operator with another folder out, and tells him who is at work", async () => {
    await using all = await setting();
    await using ann = await all.take("ann");
    await ann.meet(all.mg1, signal);
    await ann.assertHeld();
    await using bob = await all.take("bob");
    await expect(bob.meet(all.mg2, signal)).rejects.toMatchObject({
      code: "guard.lock",
      message: expect.stringContaining("`belt up` of ann on ann-host"),
    });
  });

  it("lets one of two in who found it free at the same moment", async () => {
    await using all = await setting();
    await using ann = await all.take("ann");
    await using bob = await all.take("bob");
    await ann.meet(all.mg1, signal);
    await bob.meet(all.mg2, signal);
    const tries = await Promise.allSettled([ann.assertHeld(), bob.assertHeld()]);
    expect(tries.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [winner] = tries[0]?.status === "fulfilled" ? ["ann"] : ["bob"];
    expect(label(all.swarm)).toMatchObject({ user: winner });
  });

  it("writes its own labels only: those of others stay", async () => {
    await using all = await setting();
    all.swarm.labels = { theirs: "x" };
    const lock = await all.take("ann");
    await lock.meet(all.mg1, signal);
    await lock.assertHeld();
    expect(all.swarm.labels).toMatchObject({ theirs: "x" });
    await lock[Symbol.asyncDispose]();
    expect(all.swarm.labels).toEqual({ theirs: "x" });
  });

  it("tries again when something else changed the cluster object in between", async () => {
    await using all = await setting();
    await using lock = await all.take("ann");
    await lock.meet(all.mg1, signal);
    all.mg1.next.set("setSwarmLabels", [
      () => {
        all.swarm.version += 1;
      },
    ]);
    await lock.assertHeld();
    expect(label(all.swarm)).toMatchObject({ user: "ann" });
  });

  it("is renewed while its owner works, and expires when he is gone without a word", async () => {
    await using all = await setting();
    await using ann = await all.take("ann");
    await ann.meet(all.mg1, signal);
    await ann.assertHeld();
    await all.clock.advance(10 * 60_000);
    await using bob = await all.take("bob");
    await expect(bob.meet(all.mg2, signal)).rejects.toMatchObject({ code: "guard.lock" });
    all.mg1.next.set(
      "swarmInspect",
      Array.from({ length: 20 }, () => new Error("cut off")),
    );
    await all.clock.advance(61_000);
    await using carl = await all.take("carl");
    await carl.meet(all.mg2, signal);
    await carl.assertHeld();
    expect(label(all.swarm)).toMatchObject({ user: "carl", fence: 2 });
  });

  it.for([
    ["has it", false, /that of `belt up` of bob/],
    ["had it and is done", true, /it is gone/],
  ] as const)("lets an owner that slept change nothing more once another %s", async ([, isDone, why]) => {
    await using all = await setting();
    await using space = await temporaryFolder();
    const asleep = new FakeClock();
    const deps = testDependencies("/tmp", { clock: asleep, username: "ann" });
    await using ann = await takeClusterLock(path.join(space.path, "lock"), { command: "belt up", after: 0 }, deps);
    await ann.meet(all.mg1, signal);
    await ann.assertHeld();
    await all.clock.advance(61_000);
    await using bob = await all.take("bob");
    await bob.meet(all.mg2, signal);
    await bob.assertHeld();
    if (isDone) await bob[Symbol.asyncDispose]();
    // She wakes up: her clock jumps, and nothing that was to happen meanwhile has happened.
    Object.defineProperty(asleep, "now", { value: () => Date.UTC(2026, 0, 1) + 62_000 });
    await expect(ann.assertHeld()).rejects.toMatchObject({ code: "guard.lock", message: expect.stringMatching(why) });
    expect(label(all.swarm)?.user).toBe(isDone ? undefined : "bob");
  });

  it("that was broken is not taken up again by its owner", async () => {
    await using all = await setting();
    await using ann = await all.take("ann");
    await ann.meet(all.mg1, signal);
    await ann.assertHeld();
    all.swarm.labels = {};
    all.swarm.version += 1;
    await all.clock.advance(31_000);
    await expect(ann.assertHeld()).rejects.toMatchObject({ code: "guard.lock" });
    expect(label(all.swarm)).toBeUndefined();
  });

  it("does not stand in the way of a swarm whose manager does not answer any more", async () => {
    await using all = await setting();
    await using lock = await all.take("ann");
    await lock.meet(all.mg1, signal);
    all.mg1.next.set(
      "swarmInspect",
      Array.from({ length: 20 }, () => new Error("cut off")),
    );
    await expect(lock.assertHeld()).resolves.toBeUndefined();
  });
});
