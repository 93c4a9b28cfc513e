import { describe, expect, it } from "vitest";
import { findingsOf } from "../../src/cluster/findings.ts";
import type { MachineView, Observed } from "../../src/cluster/types.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aMachineSpec, aNode, aSpec } from "../support/world.ts";

const linked = { "belt.machine": "m-node1", "belt.availability": "active" };

const apply = async (): Promise<void> => {};

function view(name: string, node?: SwarmNode, image = "debian-13"): MachineView {
  const machine = aMachine(name, { kind: "running" }, { image });
  return { name, group: "workers", role: "worker", provider: "local", machine, node };
}

function found(views: readonly MachineView[], loose: readonly SwarmNode[] = []): readonly string[] {
  const wanted = new Map([["node1", { image: "debian-13", size: "", region: "" }]]);
  const nodes = [...views.flatMap(({ node }) => node ?? []), ...loose];
  const observed: Observed = { machines: views, nodes, swarmError: undefined, wanted };
  return findingsOf(aSpec([aMachineSpec("node1")]), observed).map(({ kind, name, fix }) => `${kind} ${name}: ${fix}`);
}

describe("what does not fit", () => {
  it.for<[string, readonly MachineView[], readonly SwarmNode[], readonly string[]]>([
    ["nothing, where all is as the file says", [view("node1", aNode("node1", { labels: linked }))], [], []],
    [
      "a ghost that is down is forgotten by up",
      [],
      [aNode("node7", { status: "down", labels: { "belt.machine": "m-x" } })],
      ["ghost node7: belt up forgets the node"],
    ],
    [
      "a ghost that answers is for a person to look at",
      [],
      [aNode("node1", { status: "ready" })],
      ["ghost node1: look at it: belt docker node inspect n-node1"],
    ],
    [
      "a stranger is not ours to touch",
      [],
      [aNode("theirs")],
      ["stranger theirs: leave it, or take it out: belt docker node rm n-theirs"],
    ],
    ["an orphan of the file is joined by up", [view("node1")], [], ["orphan node1: belt up joins it"]],
    ["an orphan that no file names can go", [view("node9")], [], ["orphan node9: belt rm node9"]],
    [
      "an unnamed machine is a node that the file does not name",
      [view("node9", aNode("node9"))],
      [],
      ["unnamed node9: belt rm node9, or name it in the file"],
    ],
    [
      "a drifted machine is of another image",
      [view("node1", aNode("node1", { labels: linked }), "debian-12")],
      [],
      ["drifted node1: belt up --allow-remove replaces it"],
    ],
    [
      "a held node was drained by hand",
      [view("node1", aNode("node1", { labels: linked, availability: "drain" }))],
      [],
      ["held node1: belt swarm activate node1"],
    ],
  ])("%s", ([, views, loose, expected]) => {
    expect(found(views, loose)).toEqual(expected);
  });

  it("is a machine that runs the state of another one's node", () => {
    const own = view("node1", aNode("node1", { labels: linked }));
    const observed: Observed = {
      ...{ machines: [own, view("node2")], nodes: [aNode("node1", { labels: linked })], swarmError: undefined },
      copies: new Map([["node2", "n-node1"]]),
    };
    expect(findingsOf(aSpec([aMachineSpec("node1"), aMachineSpec("node2")]), observed)).toEqual([
      {
        kind: "copy",
        name: "node2",
        what: "its engine says it is node n-node1, which is node1: one is a copy of the other",
        fix: "belt rm node2",
      },
    ]);
  });

  it("is a dead namesake of a node, told apart from it by its id", () => {
    const own = view("node1", aNode("node1", { labels: linked }));
    const namesake = aNode("node1", { id: "n-old", status: "down", labels: linked });
    expect(found([own], [namesake])).toEqual(["ghost node1 (n-old): belt up forgets the node"]);
  });

  it("is also what nothing closes to the world, on hosts whose firewall beltkit would keep", () => {
    const fitting = view("node1", aNode("node1", { labels: linked }));
    const observed: Observed = { machines: [fitting], nodes: [], swarmError: undefined, walled: new Set(["local"]) };
    expect(findingsOf(aSpec([aMachineSpec("node1")]), observed)).toEqual([
      {
        kind: "exposed",
        name: "node1",
        what: expect.stringContaining("are open to whoever reaches 192.0.2.1"),
        fix: "a firewall block in the cluster file closes them",
      },
    ]);
  });

  it("is also what a provider misses or would refuse: up brings about what has a fix", () => {
    const fitting = view("node1", aNode("node1", { labels: linked }));
    const requirements = [
      {
        provider: "local",
        problem: { message: "this host lacks kmod", hint: "x", fix: { title: "Install kmod", apply } },
      },
      { provider: "local", problem: { message: '"9tb" is no size', hint: "Write 1gb." } },
    ];
    const observed: Observed = { machines: [fitting], nodes: [], swarmError: undefined, requirements };
    expect(findingsOf(aSpec([aMachineSpec("node1")]), observed)).toEqual([
      {
        ...{ kind: "requirement", name: "local", what: "this host lacks kmod" },
        ...{ fix: "belt up does it: Install kmod", byUp: true },
      },
      { kind: "requirement", name: "local", what: '"9tb" is no size', fix: "Write 1gb." },
    ]);
  });

  it.for<[string, readonly string[]]>([
    ["26.1", []],
    ["26.1.5", []],
    ["29", ["Docker Engine is 26.1.5, should be 29"]],
  ])("is also an engine of another version than %s, which the file pins", ([version, expected]) => {
    const seen = view("node1", aNode("node1", { labels: linked, engineVersion: "26.1.5+dfsg1" }));
    const observed: Observed = { machines: [seen], nodes: [], swarmError: undefined };
    const engine = { version, install: "auto", api: "members", daemon: {}, mirrors: [] } as const;
    const findings = findingsOf(aSpec([aMachineSpec("node1")], { engine }), observed);
    expect(findings.map(({ what }) => what)).toEqual(expected);
  });

  it("calls no machine an orphan while the swarm does not answer", () => {
    const observed: Observed = { machines: [view("node1")], nodes: undefined, swarmError: "no manager answers" };
    expect(findingsOf(aSpec([aMachineSpec("node1")]), observed)).toEqual([]);
  });
});
