import { describe, expect, it } from "vitest";
import { untilIdle } from "../../src/cluster/drain.ts";
import type { SwarmTask } from "../../src/swarm/engine.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";
import { aNode, aTask } from "../support/world.ts";

const signal = new AbortController().signal;

function scene(tasks: readonly SwarmTask[]) {
  const swarm = new FakeSwarm("s1");
  const manager = new FakeEngine("mg1");
  manager.enter(swarm, "manager");
  swarm.nodes.set("n-node1", aNode("node1"));
  swarm.tasks = tasks;
  return { clock: new FakeClock(), manager, swarm };
}

describe("waiting for a drained node", () => {
  it("ends when its last task has gone", async () => {
    const { clock, manager, swarm } = scene([aTask("web")]);
    let gone = false;
    const waiting = untilIdle(clock, manager, aNode("node1"), signal).then(() => {
      gone = true;
    });
    await clock.advance(30_000);
    expect(gone).toBe(false);
    swarm.tasks = [];
    await clock.runUntil(waiting);
    expect(gone).toBe(true);
    expect(clock.elapsed()).toBeLessThan(31_000);
  });

  it.each([
    ["goes down meanwhile", (swarm: FakeSwarm) => swarm.touch("n-node1", { status: "down" })],
    ["is taken off the list meanwhile", (swarm: FakeSwarm) => swarm.nodes.delete("n-node1")],
  ])("waits no longer for a node that %s", async (_, happens) => {
    const { clock, manager, swarm } = scene([aTask("web")]);
    const waiting = untilIdle(clock, manager, aNode("node1"), signal);
    await clock.advance(5_000);
    happens(swarm);
    await clock.runUntil(waiting);
    expect(clock.elapsed()).toBeLessThan(6_000);
  });

  it("does not wait for a node that is down: nothing runs there", async () => {
    const { clock, manager } = scene([aTask("web")]);
    await untilIdle(clock, manager, aNode("node1", { status: "down" }), signal);
    expect(manager.calls).toEqual([]);
  });

  it.for<[string, Partial<SwarmTask>, string]>([
    ["was told to stop", { isEnding: true }, "service web is running (was told to stop)"],
    ["was not told to stop", {}, "service web is running (was not told to stop yet)"],
    [
      "may take longer by its service's word",
      { isEnding: true, stopGraceMs: 600_000 },
      "service web is running (was told to stop, its service gives it 600 s for that)",
    ],
    [
      "failed in some way",
      { state: "preparing", error: "no such image" },
      "service web is preparing (was not told to stop yet, no such image)",
    ],
  ])("gives up after two minutes, and tells of a task that %s", async ([, change, words]) => {
    const { clock, manager } = scene([aTask("web", change)]);
    const waiting = clock.runUntil(untilIdle(clock, manager, aNode("node1"), signal));
    await expect(waiting).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringMatching(/^node1 was drained and did not lose its tasks within 120 s: /),
      hint: expect.stringContaining("belt docker node ps node1"),
    });
    await expect(waiting).rejects.toThrow(words);
    expect(clock.elapsed()).toBe(120_000);
  });

  it("stops when the command is stopped, with its word", async () => {
    const { clock, manager } = scene([aTask("web")]);
    const stop = new AbortController();
    const waiting = untilIdle(clock, manager, aNode("node1"), stop.signal);
    waiting.catch(() => {});
    await clock.advance(1000);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  });
});
