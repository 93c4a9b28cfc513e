import { beforeEach, describe, expect, it } from "vitest";
import { readJoinToken, rotateJoinTokens } from "../../src/swarm/tokens.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";

const signal = new AbortController().signal;

let swarm: FakeSwarm;
let manager: FakeEngine;

beforeEach(() => {
  swarm = new FakeSwarm("s1");
  manager = new FakeEngine("mg0");
  manager.enter(swarm, "manager");
});

describe("join tokens", () => {
  it.each(["worker", "manager"] as const)("for a %s are read from the swarm and print as a secret", async (role) => {
    const token = await readJoinToken([manager], role, signal);
    expect(token.reveal()).toBe(swarm.tokens[role]);
    expect(`${token} ${JSON.stringify({ token })}`).toBe('[secret] {"token":"[secret]"}');
  });

  it("cannot be read when no manager answers, and each says why", async () => {
    const other = new FakeEngine("mg1");
    for (const engine of [manager, other])
      engine.next.set("swarmInspect", [engine.refuses("GET /swarm", "The swarm does not have a leader.", 500)]);
    await expect(readJoinToken([manager, other], "worker", signal)).rejects.toMatchObject({
      code: "swarm.no-leader",
      message: expect.stringMatching(/mg0: .*; mg1: /),
    });
  });

  it("cannot be read when no manager is known", async () => {
    await expect(readJoinToken([], "worker", signal)).rejects.toMatchObject({ code: "swarm.no-leader" });
  });

  it("are not asked of a second manager when the first one says no", async () => {
    const worker = new FakeEngine("node1");
    worker.enter(swarm, "worker");
    await expect(readJoinToken([worker, manager], "worker", signal)).rejects.toMatchObject({ code: "engine.refused" });
    expect(manager.calls).toEqual([]);
  });

  it("are rotated, again after a conflict", async () => {
    const before = swarm.tokens;
    manager.next.set("rotateTokens", [manager.refuses("POST /swarm/update", "update out of sequence", 500)]);
    await rotateJoinTokens([manager], signal);
    expect(swarm.tokens.worker).not.toBe(before.worker);
    expect(swarm.tokens.manager).not.toBe(before.manager);
  });

  it("are given up rotating after some conflicts", async () => {
    const conflict = manager.refuses("POST /swarm/update", "update out of sequence", 500);
    manager.next.set(
      "rotateTokens",
      Array.from({ length: 100 }, () => conflict),
    );
    await expect(rotateJoinTokens([manager], signal)).rejects.toBe(conflict);
    expect(manager.calls).toHaveLength(5);
  });
});
