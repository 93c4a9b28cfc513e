import { describe, expect, it } from "vitest";
import type { SwarmNode } from "../../src/swarm/engine.ts";
import { membersOf } from "../../src/swarm/members.ts";
import { judge, type ManagerChange, type ManagerState, removalOrder, spareOf } from "../../src/swarm/quorum.ts";
import { readyNode } from "../support/fake-swarm.ts";

/** Names are for people: nothing here is decided by them. */
const idOf = (name: string): string => `id of ${name}`;
const named = (name: string): ManagerChange["manager"] => ({ id: idOf(name), name });

/** `m1*` is the leader, `m2!` does not answer. */
function managers(...words: string[]): ManagerState[] {
  return words.map((word) => ({
    id: idOf(word.replace(/[*!]/, "")),
    name: word.replace(/[*!]/, ""),
    leader: word.endsWith("*"),
    reachable: !word.endsWith("!"),
  }));
}

describe("the quorum guard", () => {
  it.each<[string, ManagerState[], ManagerChange["kind"], string, string, number, number]>([
    ["the only manager", managers("m1*"), "remove", "m1", "refused", 0, -1],
    ["the only manager's restart", managers("m1*"), "restart", "m1", "refused", 0, -1],
    ["one of two to be stopped", managers("m1*", "m2"), "stop", "m2", "refused", 0, -1],
    ["one of two to be demoted", managers("m1*", "m2"), "demote", "m2", "ask", 0, 0],
    ["one of three", managers("m1*", "m2", "m3"), "remove", "m3", "ask", 1, 0],
    ["one of three to be restarted", managers("m1*", "m2", "m3"), "restart", "m3", "ask", 1, 0],
    ["an answering one of three when another is down", managers("m1*", "m2", "m3!"), "remove", "m2", "refused", 0, -1],
    ["the silent one of three", managers("m1*", "m2", "m3!"), "remove", "m3", "ask", 0, 0],
    ["a stop of the one that is down anyway", managers("m1*", "m2", "m3!"), "stop", "m3", "ask", 0, 0],
    ["one of five", managers("m1*", "m2", "m3", "m4", "m5"), "remove", "m5", "allowed", 2, 1],
    ["anything once the majority is lost", managers("m1", "m2!", "m3!"), "remove", "m3", "refused", -1, -1],
    ["a promotion", managers("m1*"), "promote", "m2", "allowed", 0, 0],
    ["a promotion while the majority is lost", managers("m1", "m2!", "m3!"), "promote", "m4", "refused", -1, -1],
  ])("judges %s", (_, all, kind, manager, verdict, before, after) => {
    expect(judge(all, { kind, manager: named(manager) })).toMatchObject({ kind: verdict, spare: { before, after } });
  });

  it("names the managers that do not answer, and offers to bring them back first", () => {
    expect(judge(managers("m1*", "m2", "m3!"), { kind: "remove", manager: named("m2") })).toMatchObject({
      reason: expect.stringContaining("not m3"),
      offer: expect.stringContaining("belt start m3"),
    });
  });

  it("tells two managers of one name apart by their ids", () => {
    const twins = [
      { id: "old", name: "m3", reachable: false, leader: false },
      ...managers("m1*", "m2"),
      { id: "new", name: "m3", reachable: true, leader: false },
    ];
    expect(judge(twins, { kind: "remove", manager: { id: "old", name: "m3" } }).spare).toEqual({ before: 0, after: 1 });
    expect(judge(twins, { kind: "remove", manager: { id: "new", name: "m3" } }).spare).toEqual({ before: 0, after: 0 });
  });

  it("takes silent managers first and the leader last", () => {
    expect(removalOrder(managers("m1*", "m2", "m3!")).map(({ name }) => name)).toEqual(["m3", "m2", "m1"]);
  });
});

/** A node as the world has it: `votes` makes it a member of Raft, whatever its role is to be. */
interface ModelNode {
  readonly role: SwarmNode["role"];
  readonly votes: boolean;
  readonly runs: boolean;
  readonly status: SwarmNode["status"];
}

/** A model of what Raft needs, written without the guard: nodes by id. */
class Raft {
  readonly nodes = new Map<string, ModelNode>();

  get members(): readonly string[] {
    return [...this.nodes].filter(([, { votes }]) => votes).map(([id]) => id);
  }

  get decides(): boolean {
    const up = this.members.filter((id) => this.nodes.get(id)?.runs).length;
    return this.members.length > 0 && up * 2 > this.members.length;
  }

  touch(id: string, change: Partial<ModelNode>): void {
    const node = this.nodes.get(id);
    if (node) this.nodes.set(id, { ...node, ...change });
  }

  /** The list of nodes as a manager gives it: names that are all the same, and a reachability that may be right beside `down`. */
  seen(random: (below: number) => number): readonly SwarmNode[] {
    return [...this.nodes].map(([id, { role, votes, runs, status }]) => ({
      ...readyNode(id, "m", role),
      status: runs ? status : random(2) === 0 ? "down" : status,
      manager: votes ? { leader: false, reachability: runs ? "reachable" : "unreachable", address: "" } : undefined,
    }));
  }
}

/** Park and Miller's generator: the same numbers for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const member: ModelNode = { role: "manager", votes: true, runs: true, status: "ready" };

/** What happens to nodes without anybody's asking the guard: each leaves a state that lists of nodes really have. */
const events: readonly ((raft: Raft, id: string, random: (below: number) => number) => void)[] = [
  (raft, id) => raft.touch(id, { runs: false }), // killed, or it left by itself: a voter that nobody hears
  (raft, id) => raft.touch(id, { runs: true, status: "ready" }), // started, or its state was restored
  (raft, id) => raft.touch(id, { status: "unknown" }), // as after a change of leader
  (raft, id) => raft.touch(id, { role: "manager" }), // a promotion that was cut off: a role without a vote
  (raft, id) => raft.touch(id, { role: "worker" }), // a demotion that was cut off: a vote without the role
  (raft, id) => raft.decides && raft.touch(id, { role: "manager", votes: raft.nodes.get(id)?.runs ?? false }),
  (raft) => {
    // A swarm formed anew by one that runs: the others keep their roles and have no vote.
    const [first] = raft.members.filter((id) => raft.nodes.get(id)?.runs);
    if (first !== undefined && !raft.decides) for (const id of raft.members) raft.touch(id, { votes: id === first });
  },
  (raft, id, random) => random(4) === 0 && !raft.members.includes(id) && raft.nodes.delete(id), // forgotten
];

describe("the guard against a model of Raft", () => {
  const operations = 100_000;
  const kinds: ManagerChange["kind"][] = ["demote", "remove", "stop", "restart", "resize", "promote"];

  it(`loses the majority by no accepted change in ${operations} random operations, failures and recoveries`, () => {
    const random = randomFrom(20_261_121);
    let raft = new Raft();
    const tally = { accepted: 0, refused: 0, halfWay: 0 };
    for (let index = 0; index < operations; index += 1) {
      if (raft.members.length === 0 || random(500) === 0) {
        raft = new Raft();
        for (let count = 1 + random(9); count > 0; count -= 1) raft.nodes.set(`m${count}`, member);
      }
      const ids = [...raft.nodes.keys()];
      const victim = ids[random(ids.length)] ?? "";
      if (random(2) === 0) {
        events[random(events.length)]?.(raft, victim, random);
        continue;
      }
      const kind = kinds[random(kinds.length)] ?? "stop";
      const id = kind === "promote" ? `n${index}` : victim;
      if (kind === "promote" && ids.length >= 9) continue;
      const decidedBefore = raft.decides;
      const isVoter = raft.members.includes(id);
      if ((raft.nodes.get(id)?.role === "manager") !== isVoter) tally.halfWay += 1;
      const seen = membersOf(raft.seen(random));
      // A node that is no member changes nothing for the majority: whoever acts on one does not ask.
      if (kind !== "promote" && !isVoter) {
        expect(seen.some((one) => one.id === id)).toBe(false);
        continue;
      }
      if (judge(seen, { kind, manager: { id, name: "m" } }).kind === "refused") {
        tally.refused += 1;
        continue;
      }
      tally.accepted += 1;
      expect(decidedBefore, `${kind} ${id} was accepted without a majority`).toBe(true);
      if (kind === "promote") raft.nodes.set(id, member);
      else if (kind === "demote") raft.touch(id, { role: "worker", votes: false });
      else if (kind === "remove") raft.nodes.delete(id);
      else raft.touch(id, { runs: false });
      expect(raft.decides, `${kind} ${id} lost the majority of ${JSON.stringify(seen)}`).toBe(true);
      if (kind === "restart" || kind === "resize") raft.touch(id, { runs: true, status: "ready" });
    }
    expect(tally.accepted).toBeGreaterThan(8_000);
    expect(tally.refused).toBeGreaterThan(8_000);
    expect(tally.halfWay).toBeGreaterThan(1_000);
  });

  it("calls the majority lost exactly when the model does", () => {
    for (let count = 1; count <= 9; count += 1)
      for (let up = 0; up <= count; up += 1) {
        const all = Array.from({ length: count }, (_, index) => ({
          ...named(`m${index}`),
          reachable: index < up,
          leader: false,
        }));
        expect(spareOf(all) >= 0).toBe(up * 2 > count);
      }
  });
});

describe("a member of Raft", () => {
  const status = (reachability: "reachable" | "unreachable" | "unknown") => ({
    leader: false,
    reachability,
    address: "",
  });
  it.each<[string, Partial<SwarmNode>, boolean, boolean]>([
    ["a manager that is reachable", { role: "manager", manager: status("reachable") }, true, true],
    ["a manager whose node is unknown for now", { manager: status("reachable"), status: "unknown" }, true, true],
    ["a manager that is reachable and down", { manager: status("reachable"), status: "down" }, true, false],
    ["a manager that does not answer", { manager: status("unreachable") }, true, false],
    ["a manager that is being demoted", { role: "worker", manager: status("reachable") }, true, true],
    ["a manager that is being promoted, or was cut off by a swarm formed anew", { role: "manager" }, false, false],
    ["a worker", { role: "worker" }, false, false],
  ])("is told by its status: %s", (_, change, isOne, isUp) => {
    const node = { ...readyNode("n1", "m1", "worker"), ...change };
    expect(membersOf([node]).map(({ id, reachable }) => [id, reachable])).toEqual(isOne ? [["n1", isUp]] : []);
  });
});
