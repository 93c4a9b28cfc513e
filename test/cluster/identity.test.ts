import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copiesAmong, isDoubtful, isLeftBehind, nodesByMachine, type OwnWord } from "../../src/cluster/identity.ts";
import type { Machine } from "../../src/providers/provider.ts";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { aMachine, aNode } from "../support/world.ts";

/** The machine `a` at 10.0.0.1, and so on. */
function machine(name: string, change: Partial<Machine> = {}): Machine {
  const addresses = { publicAddress: undefined, privateAddress: addressOf(name) };
  return aMachine(name, { kind: "running" }, { id: `machine-${name}`, ...addresses, ...change });
}

/** The node that the machine `a` joined as. */
function node(name: string, change: Partial<SwarmNode> = {}): SwarmNode {
  const labels = { "belt.machine": `machine-${name}` };
  return aNode(name, { id: `node-${name}`, labels, address: addressOf(name), ...change });
}

const addressOf = (name: string): string => `10.0.0.${name.charCodeAt(0) - 96}`;
const is = (nodeId: string): OwnWord => ({ kind: "node", nodeId });
const none: OwnWord = { kind: "none" };
const silent: OwnWord = { kind: "silent", why: "no answer" };
const [a, b] = [machine("a"), machine("b")];

describe("a machine has to be asked which node it is", () => {
  it.each<[string, Machine, readonly SwarmNode[], boolean]>([
    ["not where one ready node is linked to it, at its address", a, [node("a"), node("b")], false],
    ["not where its host was renamed", a, [node("a", { hostname: "other" })], false],
    ["not where it is in no swarm, and nobody is at its address", a, [node("b")], false],
    ["not after a change of leader, when all nodes are unknown", a, [node("a", { status: "unknown" })], false],
    ["not while it is off", machine("a", { state: { kind: "stopped" } }), [node("a", { status: "down" })], false],
    ["not where its node is at an address that no machine has", a, [node("a", { address: "172.30.0.9" })], false],
    ["where its node is down", a, [node("a", { status: "down" })], true],
    ["where two nodes are linked to it", a, [node("a"), node("a", { id: "node-a2" })], true],
    [
      "where a node that is linked to another machine is at its address",
      b,
      [node("a", { address: addressOf("b") })],
      true,
    ],
    ["where its node is at the address of another machine", a, [node("a", { address: addressOf("b") })], true],
    ["where two nodes of its name are linked to nothing", a, [aNode("a"), aNode("a", { id: "twin" })], true],
  ])("%s", (_, one, nodes, doubtful) => {
    expect(isDoubtful(one, [one.name === "a" ? one : a, b], nodes)).toBe(doubtful);
  });
});

describe("the node of a machine", () => {
  const of = (nodes: readonly SwarmNode[], words: Record<string, OwnWord> = {}, machines = [a, b]) =>
    Object.fromEntries(
      [...nodesByMachine(machines, nodes, new Map(Object.entries(words)))].map(([name, { id }]) => [name, id]),
    );

  it("is the linked one where nobody was asked, a ready one before others", () => {
    expect(of([node("b"), node("a", { id: "old", status: "down" }), node("a")])).toEqual({ a: "node-a", b: "node-b" });
  });

  it("is the one that the file names, where no link says otherwise", () => {
    const { given: _, ...rest } = a;
    const given = {
      way: { address: "a", user: "root", port: 22, jump: undefined },
      taken: true,
      node: "n-b",
      hostname: "a",
    };
    const taken = { ...rest, given: { ...given, jump: undefined } };
    expect(of([aNode("a"), aNode("b")], {}, [taken])).toEqual({ a: "n-b" });
    expect(of([aNode("b"), node("a", { id: "n-c" })], {}, [taken])).toEqual({ a: "n-c" });
  });

  it("is what its engine says, whatever labels, host names and the list's word for ready say", () => {
    const nodes = [node("a"), aNode("a", { id: "new", address: addressOf("a") }), node("b")];
    expect(of(nodes, { a: is("new") })).toEqual({ a: "new", b: "node-b" });
  });

  it("is none once its engine says so, although the list still calls it ready", () => {
    expect(of([node("a"), node("b")], { a: none })).toEqual({ b: "node-b" });
  });

  it("is another machine's former node where that one's state was restored here", () => {
    const restored = node("a", { address: addressOf("b") });
    expect(of([restored], { a: silent, b: is("node-a") })).toEqual({ b: "node-a" });
  });

  it("goes by the hints where the machine does not answer", () => {
    expect(of([node("a", { status: "down" })], { a: silent })).toEqual({ a: "node-a" });
  });

  it("belongs to one machine only: of a machine and its copy, to the one that is linked to it", () => {
    const words = { a: is("node-a"), b: is("node-a") };
    expect(of([node("a", { address: addressOf("b") })], words)).toEqual({ a: "node-a" });
    const own = nodesByMachine([b, a], [node("a")], new Map(Object.entries(words)));
    expect([...copiesAmong(new Map(Object.entries(words)), own)]).toEqual([["b", "node-a"]]);
  });

  const names = ["a", "b", "c"];
  const anyNode = fc.record({
    id: fc.constantFrom("n1", "n2", "n3", "n4"),
    hostname: fc.constantFrom(...names),
    linked: fc.constantFrom(...names, ""),
    address: fc.constantFrom(...names.map(addressOf)),
    status: fc.constantFrom("ready" as const, "down" as const, "unknown" as const),
  });
  const anyWord = fc.constantFrom<OwnWord | undefined>(is("n1"), is("n2"), is("n3"), none, silent, undefined);

  it("is never two machines', never against an engine's word, and never by a name that is linked elsewhere", () => {
    const machines = names.map((name) => machine(name));
    fc.assert(
      fc.property(
        fc.uniqueArray(anyNode, { selector: ({ id }) => id }),
        fc.array(anyWord, { minLength: 3, maxLength: 3 }),
        (drawn, said) => {
          const nodes = drawn.map(({ linked, ...rest }) =>
            aNode(rest.hostname, { ...rest, labels: linked === "" ? {} : { "belt.machine": `machine-${linked}` } }),
          );
          const words = new Map(said.flatMap((word, index) => (word ? [[names[index] ?? "", word] as const] : [])));
          const own = nodesByMachine(machines, nodes, words);
          expect(new Set([...own.values()].map(({ id }) => id)).size).toBe(own.size);
          for (const [name, { id, labels }] of own) {
            const word = words.get(name);
            if (word?.kind === "node") expect(id).toBe(word.nodeId);
            else expect(labels["belt.machine"] ?? `machine-${name}`).toBe(`machine-${name}`);
            expect(word?.kind).not.toBe("none");
          }
        },
      ),
    );
  });
});

describe("a node is left behind", () => {
  it.each<[string, SwarmNode, Record<string, OwnWord>, boolean]>([
    ["by a machine that is in no swarm any more", node("a"), { a: none }, true],
    ["by a machine that joined again as another node", node("a"), { a: is("new") }, true],
    ["by nobody while its machine says that it is it", node("a"), { a: is("node-a") }, false],
    ["by nobody where its machine does not answer", node("a"), { a: silent }, false],
    ["by nobody where its machine was not asked", node("a"), {}, false],
    [
      "by nobody where it is at another machine, with its state",
      node("a", { address: addressOf("b") }),
      { a: none },
      false,
    ],
    ["by nobody where its machine is gone: then the list's word counts", node("z"), { a: none }, false],
  ])("%s", (_, one, words, expected) => {
    expect(isLeftBehind(one, [a, b], new Map(Object.entries(words)))).toBe(expected);
  });
});
