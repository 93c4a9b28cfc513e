import { describe, expect, it } from "vitest";
import { plan } from "../../src/cluster/plan.ts";
import type { MachineSpec } from "../../src/cluster/spec/types.ts";
import type { MachineView, Observed } from "../../src/cluster/types.ts";
import type { Machine, MachineState } from "../../src/providers/provider.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aMachineSpec, aNode, aSpec } from "../support/world.ts";

const running: MachineState = { kind: "running" };

function view(name: string, machine?: Machine, node?: SwarmNode): MachineView {
  return { name, group: "workers", role: "worker", provider: "local", machine, node };
}

function observed(...machines: MachineView[]): Observed {
  return { machines, nodes: [], swarmError: undefined };
}

function planFor(wanted: MachineSpec, seen: MachineView): string[] {
  return plan(aSpec([wanted]), observed(seen)).map(({ action, reason, risk }) => `${action}: ${reason} (${risk})`);
}

describe("the plan", () => {
  const wanted = aMachineSpec("node1", { labels: { disk: "ssd" } });
  const settled = { "belt.machine": "m-node1", "belt.availability": "active", disk: "ssd" };

  it("creates and joins a machine that is not there", () => {
    expect(planFor(wanted, view("node1"))).toEqual([
      "create: group workers names it and it is not there (none)",
      "join: to be a worker of the swarm (none)",
    ]);
  });

  it("is empty for a machine that is as the file says", () => {
    expect(planFor(wanted, view("node1", aMachine("node1", running), aNode("node1", { labels: settled })))).toEqual([]);
  });

  it("starts a machine that is stopped and is a node already", () => {
    const node = aNode("node1", { labels: settled, status: "down" });
    expect(planFor(wanted, view("node1", aMachine("node1", { kind: "stopped" }), node))).toEqual([
      "start: it is stopped (none)",
    ]);
  });

  it("finishes a creation that was cut short", () => {
    expect(planFor(wanted, view("node1", aMachine("node1", { kind: "creating" })))).toEqual([
      "create: its creation was not finished (none)",
      "join: to be a worker of the swarm (none)",
    ]);
  });

  it("joins a machine that is in no swarm", () => {
    expect(planFor(wanted, view("node1", aMachine("node1", running)))).toEqual([
      "join: to be a worker of the swarm (none)",
    ]);
  });

  it("sets a label that differs and leaves those that the file does not name alone", () => {
    const node = aNode("node1", { labels: { ...settled, disk: "hdd", theirs: "x" } });
    expect(planFor(wanted, view("node1", aMachine("node1", running), node))).toEqual([
      'update: label disk is to be "ssd" (none)',
    ]);
  });

  it("leaves a node alone that somebody drained by hand", () => {
    const node = aNode("node1", { labels: settled, availability: "drain" });
    expect(planFor(wanted, view("node1", aMachine("node1", running), node))).toEqual([]);
  });

  it("drains a node when the file now asks for it, and says that this moves work", () => {
    const node = aNode("node1", { labels: settled });
    const drained = { ...wanted, availability: "drain" as const };
    expect(planFor(drained, view("node1", aMachine("node1", running), node))).toEqual([
      "update: availability is to be drain (moves-work)",
    ]);
  });

  it("says nothing of machines that the file does not name", () => {
    const stranger = view("other", aMachine("other", running));
    expect(plan(aSpec([]), observed(stranger))).toEqual([]);
  });
});
