import { describe, expect, it } from "vitest";
import { destructive, plan, restarting } from "../../src/cluster/plan.ts";
import type { SettingsPart } from "../../src/cluster/settings.ts";
import type { MachineSpec } from "../../src/cluster/spec/types.ts";
import type { Change, MachineView, Observed } from "../../src/cluster/types.ts";
import type { Machine } from "../../src/providers/provider.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aMachineSpec, aManagerNode, aNode, aSpec } from "../support/world.ts";

function view(name: string, machine?: Machine, node?: SwarmNode): MachineView {
  return { name, group: "workers", role: "worker", provider: "local", machine, node };
}

/** The world with these machines; nodes without a machine are given beside them. */
function observed(machines: readonly MachineView[], loose: readonly SwarmNode[] = []): Observed {
  const nodes = machines.flatMap(({ node }) => node ?? []);
  return { machines, nodes: [...nodes, ...loose], swarmError: undefined };
}

function words(changes: readonly Change[]): readonly string[] {
  return changes.map(({ action, machine, reason, risk }) => `${action} ${machine}: ${reason} (${risk})`);
}

function planFor(wanted: MachineSpec, seen: MachineView): readonly string[] {
  return words(plan(aSpec([wanted]), observed([seen])));
}

const settled = { "belt.machine": "m-node1", "belt.availability": "active", "belt.labels": "disk", disk: "ssd" };

it("says what a provider calls a size that the file writes in another way", () => {
  const make = { image: "debian-13", region: "nyc3", size: "s-1vcpu-2gb" };
  const seen: Observed = { ...observed([view("node1")]), wanted: new Map([["node1", make]]) };
  const reasonFor = (size: string) => plan(aSpec([aMachineSpec("node1", { size })]), seen)[0]?.reason;
  expect(reasonFor("2gb")).toBe("group workers names it and it is not there; the size 2gb is s-1vcpu-2gb");
  expect(reasonFor("s-1vcpu-2gb")).toBe("group workers names it and it is not there");
});

describe("the plan for a machine of the file", () => {
  const wanted = aMachineSpec("node1", { labels: { disk: "ssd" } });
  const way = ["bootstrap node1: engine and certificates (none)", "join node1: to be a worker of the swarm (none)"];
  const node = (change: Partial<SwarmNode> = {}) => aNode("node1", { labels: settled, ...change });

  it.for<[string, MachineView, readonly string[]]>([
    [
      "makes and joins one that is not there",
      view("node1"),
      ["create node1: group workers names it and it is not there (none)", ...way],
    ],
    ["is empty where all is as the file says", view("node1", aMachine("node1"), node()), []],
    [
      "starts one that is stopped and is a node already",
      view("node1", aMachine("node1", { kind: "stopped" }), node({ status: "down" })),
      ["start node1: it is stopped (none)"],
    ],
    [
      "finishes a creation that was cut short",
      view("node1", aMachine("node1", { kind: "creating" })),
      ["create node1: its creation was not finished (none)", ...way],
    ],
    [
      "says that a host does not answer",
      view(
        "node1",
        aMachine(
          "node1",
          { kind: "failed", reason: "no route" },
          {
            given: {
              ...{ way: { address: "a", user: undefined, port: undefined, jump: undefined }, taken: true },
              ...{ node: undefined, hostname: "a", jump: undefined },
            },
          },
        ),
      ),
      ["create node1: the host does not answer: no route (none)", ...way],
    ],
    [
      "says why a creation failed",
      view("node1", aMachine("node1", { kind: "failed", reason: "no capacity" })),
      ["create node1: its creation failed: no capacity (none)", ...way],
    ],
    ["joins one that is in no swarm", view("node1", aMachine("node1")), way],
    [
      "sets a label that differs and leaves those of others alone",
      view("node1", aMachine("node1"), node({ labels: { ...settled, disk: "hdd", theirs: "x" } })),
      ['label node1: label disk is to be "ssd" (none)'],
    ],
    [
      "takes a label away that came from the file and is in it no more",
      view("node1", aMachine("node1"), node({ labels: { ...settled, "belt.labels": "disk,zone", zone: "a" } })),
      ["label node1: label zone is in the file no more (none)"],
    ],
    [
      "leaves a node alone that somebody drained by hand",
      view("node1", aMachine("node1"), node({ availability: "drain" })),
      [],
    ],
    [
      "demotes a manager that the file wants as a worker, and calls it a risk for the quorum",
      view("node1", aMachine("node1"), aManagerNode("node1", { labels: settled })),
      ["demote node1: role is manager, should be worker (quorum)"],
    ],
  ])("%s", ([, seen, expected]) => {
    expect(planFor(wanted, seen)).toEqual(expected);
  });

  it("drains a node when the file now asks for it, and says that this moves work", () => {
    const drained = { ...wanted, availability: "drain" as const };
    expect(planFor(drained, view("node1", aMachine("node1"), node()))).toEqual([
      "availability node1: is to be drain (moves-work)",
    ]);
  });

  it("promotes a worker that the file wants as a manager", () => {
    const manager = { ...wanted, role: "manager" as const };
    expect(planFor(manager, view("node1", aMachine("node1"), node()))).toEqual([
      "promote node1: role is worker, should be manager (none)",
    ]);
  });

  it("replaces a machine that is not made as the file says, with what differs", () => {
    const seen = observed([view("node1", aMachine("node1", { kind: "running" }, { image: "debian-12" }), node())]);
    const make = new Map([["node1", { image: "debian-13", size: "", region: "local" }]]);
    const changes = plan(aSpec([wanted]), { ...seen, wanted: make });
    expect(words(changes)).toEqual(["replace node1: image is debian-12, should be debian-13 (moves-work)"]);
    expect(destructive(changes)).toEqual(changes);
  });
});

describe("the plan for settings that changed", () => {
  const seen = (name: string, node: SwarmNode): MachineView => view(name, aMachine(name), node);
  const labels = (name: string) => ({ "belt.machine": `m-${name}`, "belt.availability": "active" });
  const spec = aSpec([aMachineSpec("mg1", { role: "manager", group: "managers" }), aMachineSpec("node1")]);
  const both = observed([
    seen("mg1", aManagerNode("mg1", { labels: labels("mg1") })),
    seen("node1", aNode("node1", { labels: labels("node1") })),
  ]);

  it("restarts engines for what they read at their start, and says what that is and what it may cost", () => {
    const settings = new Map<string, readonly SettingsPart[]>([
      ["mg1", ["daemon", "certificates"]],
      ["node1", ["api"]],
    ]);
    const changes = plan(spec, { ...both, settings });
    expect(words(changes)).toEqual([
      "restart-engine mg1: its daemon.json changes; its certificate changes (quorum)",
      "restart-engine node1: the address of its API changes (moves-work)",
    ]);
    expect(restarting(changes)).toEqual(changes);
    expect(destructive(changes)).toEqual([]);
  });

  it("restarts nothing for a firewall, and nothing where nobody knows", () => {
    const settings = new Map([["node1", ["firewall"] as const]]);
    expect(words(plan(spec, { ...both, settings }))).toEqual([
      "firewall node1: the firewall of the file changed (none)",
    ]);
    expect(plan(spec, both)).toEqual([]);
  });
});

describe("the plan for what the file does not name", () => {
  it("takes a worker out of the swarm before it destroys the machine", () => {
    const changes = plan(aSpec([]), observed([view("node9", aMachine("node9"), aNode("node9"))]));
    expect(changes.map(({ action, risk }) => `${action} ${risk}`)).toEqual([
      "drain moves-work",
      "leave none",
      "remove none",
      "destroy none",
    ]);
  });

  it("demotes a manager on its way out", () => {
    const changes = plan(aSpec([]), observed([view("mg9", aMachine("mg9"), aManagerNode("mg9"))]));
    expect(changes.map(({ action }) => action)).toEqual(["drain", "demote", "leave", "remove", "destroy"]);
  });

  it("destroys a machine that is in no swarm, and nothing more", () => {
    expect(words(plan(aSpec([]), observed([view("node9", aMachine("node9"))])))).toEqual([
      "destroy node9: the file does not name it (none)",
    ]);
  });

  it("forgets a node that is down and whose machine is gone, a manager only after its demotion", () => {
    const ghost = aManagerNode("mg2", { status: "down", labels: { "belt.machine": "m-gone" } });
    expect(words(plan(aSpec([]), observed([], [ghost])))).toEqual([
      "demote mg2: a node whose machine is gone (quorum)",
      "remove mg2: a node whose machine is gone (none)",
    ]);
  });

  it("leaves nodes alone that were never ours, and ghosts that still answer", () => {
    const stranger = aNode("theirs", { status: "down" });
    const alive = aNode("node2", { status: "ready", labels: { "belt.machine": "m-gone" } });
    expect(plan(aSpec([]), observed([], [stranger, alive]))).toEqual([]);
  });
});

describe("the order of the plan", () => {
  it("adds before it takes away, managers first on the way in and last on the way out", () => {
    const spec = aSpec([aMachineSpec("node1"), aMachineSpec("mg1", { role: "manager", group: "managers" })]);
    const going = [view("mg9", aMachine("mg9"), aManagerNode("mg9")), view("node9", aMachine("node9"), aNode("node9"))];
    const changes = plan(spec, observed(going)).map(({ action, machine }) => `${action} ${machine}`);
    expect(changes).toEqual([
      "create mg1",
      "create node1",
      "bootstrap mg1",
      "bootstrap node1",
      "join mg1",
      "join node1",
      "drain node9",
      "drain mg9",
      "demote mg9",
      "leave node9",
      "leave mg9",
      "remove node9",
      "remove mg9",
      "destroy node9",
      "destroy mg9",
    ]);
  });
});
