import { beforeEach, describe, expect, it } from "vitest";
import { applyNodeSettings } from "../../src/swarm/label.ts";
import { FakeEngine, FakeSwarm } from "../support/fake-swarm.ts";

const signal = new AbortController().signal;

let swarm: FakeSwarm;
let manager: FakeEngine;
let nodeId: string;

beforeEach(() => {
  swarm = new FakeSwarm("s1");
  manager = new FakeEngine("mg0");
  manager.enter(swarm, "manager");
  nodeId = new FakeEngine("node1").enter(swarm, "worker");
});

/** Somebody else changes the node just before our next update. */
const meanwhile = (): void => swarm.touch(nodeId, { message: "heartbeat" });

describe("a node's settings", () => {
  it("are set with the label that links it to its machine", async () => {
    const settings = { machineId: "m1", labels: { disk: "ssd" }, availability: "drain" } as const;
    expect(await applyNodeSettings(manager, nodeId, settings, signal)).toBe("changed");
    expect(swarm.nodes.get(nodeId)).toMatchObject({
      labels: { disk: "ssd", "belt.machine": "m1" },
      availability: "drain",
      role: "worker",
    });
  });

  it("are not written a second time", async () => {
    const settings = { machineId: "m1", labels: { disk: "ssd" } };
    await applyNodeSettings(manager, nodeId, settings, signal);
    manager.calls.length = 0;
    expect(await applyNodeSettings(manager, nodeId, settings, signal)).toBe("unchanged");
    expect(manager.calls).toEqual(["nodes"]);
  });

  it("leave labels alone that somebody else has set, and an availability that is not named", async () => {
    swarm.touch(nodeId, { labels: { theirs: "1", disk: "hdd" }, availability: "drain" });
    await applyNodeSettings(manager, nodeId, { machineId: "m1", labels: { disk: "ssd" } }, signal);
    expect(swarm.nodes.get(nodeId)).toMatchObject({
      labels: { theirs: "1", disk: "ssd", "belt.machine": "m1" },
      availability: "drain",
    });
  });

  it("take away an owned label that is wanted no more, and only that", async () => {
    swarm.touch(nodeId, { labels: { theirs: "1", disk: "ssd", zone: "a" } });
    const settings = { machineId: "m1", labels: { zone: "a" }, ownedLabelKeys: ["disk", "zone"] };
    await applyNodeSettings(manager, nodeId, settings, signal);
    expect(swarm.nodes.get(nodeId)?.labels).toEqual({ theirs: "1", zone: "a", "belt.machine": "m1" });
  });

  it("are tried again on the new version when the node changed meanwhile, and keep that change", async () => {
    manager.next.set("updateNode", [meanwhile, meanwhile]);
    expect(await applyNodeSettings(manager, nodeId, { machineId: "m1", labels: {} }, signal)).toBe("changed");
    expect(swarm.nodes.get(nodeId)).toMatchObject({ message: "heartbeat", labels: { "belt.machine": "m1" } });
  });

  it("are given up after some conflicts: retrying is bounded", async () => {
    manager.next.set(
      "updateNode",
      Array.from({ length: 100 }, () => meanwhile),
    );
    const attempt = applyNodeSettings(manager, nodeId, { machineId: "m1", labels: {} }, signal);
    await expect(attempt).rejects.toMatchObject({ code: "engine.conflict" });
    expect(manager.calls.filter((call) => call === "updateNode")).toHaveLength(8);
  });

  it("of a node that the manager does not know are refused by its id", async () => {
    const attempt = applyNodeSettings(manager, "nope", { machineId: "m1", labels: {} }, signal);
    await expect(attempt).rejects.toMatchObject({ code: "engine.missing", message: expect.stringContaining("nope") });
  });
});
