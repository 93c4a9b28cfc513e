import { describe, expect, it } from "vitest";
import { judge, type ManagerChange, type ManagerState, removalOrder, spareOf } from "../../src/swarm/quorum.ts";

/** `m1*` is the leader, `m2!` does not answer. */
function managers(...words: string[]): ManagerState[] {
  return words.map((word) => ({
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
    expect(judge(all, { kind, manager })).toMatchObject({ kind: verdict, spare: { before, after } });
  });

  it("names the managers that do not answer, and offers to bring them back first", () => {
    expect(judge(managers("m1*", "m2", "m3!"), { kind: "remove", manager: "m2" })).toMatchObject({
      reason: expect.stringContaining("not m3"),
      offer: expect.stringContaining("belt start m3"),
    });
  });

  it("takes silent managers first and the leader last", () => {
    expect(removalOrder(managers("m1*", "m2", "m3!")).map(({ name }) => name)).toEqual(["m3", "m2", "m1"]);
  });
});

/** A model of what Raft needs, written without the guard: members by name, and which of them run. */
class Raft {
  readonly members = new Map<string, boolean>();

  get decides(): boolean {
    const up = [...this.members.values()].filter(Boolean).length;
    return up * 2 > this.members.size;
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

describe("the guard against a model of Raft", () => {
  const operations = 100_000;
  const kinds: ManagerChange["kind"][] = ["demote", "remove", "stop", "restart", "resize", "promote"];

  it(`loses the majority by no accepted change in ${operations} random operations, failures and recoveries`, () => {
    const random = randomFrom(20_261_121);
    let raft = new Raft();
    const tally = { accepted: 0, refused: 0 };
    for (let index = 0; index < operations; index += 1) {
      if (raft.members.size === 0 || random(500) === 0) {
        raft = new Raft();
        for (let count = 1 + random(9); count > 0; count -= 1) raft.members.set(`m${count}`, true);
      }
      const names = [...raft.members.keys()];
      const victim = names[random(names.length)] ?? "";
      if (random(3) === 0) {
        raft.members.set(victim, random(2) === 0); // the world fails and recovers as it likes
        continue;
      }
      const kind = kinds[random(kinds.length)] ?? "stop";
      const manager = kind === "promote" ? `n${index}` : victim;
      if (kind === "promote" && raft.members.size >= 9) continue;
      const decidedBefore = raft.decides;
      const seen = names.map((name) => ({ name, reachable: raft.members.get(name) === true, leader: false }));
      if (judge(seen, { kind, manager }).kind === "refused") {
        tally.refused += 1;
        continue;
      }
      tally.accepted += 1;
      expect(decidedBefore, `${kind} ${manager} was accepted without a majority`).toBe(true);
      if (kind === "promote") raft.members.set(manager, true);
      else if (kind === "demote" || kind === "remove") raft.members.delete(manager);
      else raft.members.set(manager, false);
      expect(
        raft.members.size > 0 && raft.decides,
        `${kind} ${manager} lost the majority of ${JSON.stringify(seen)}`,
      ).toBe(true);
      if (kind === "restart" || kind === "resize") raft.members.set(manager, true);
    }
    expect(tally.accepted).toBeGreaterThan(10_000);
    expect(tally.refused).toBeGreaterThan(10_000);
  });

  it("calls the majority lost exactly when the model does", () => {
    for (let count = 1; count <= 9; count += 1)
      for (let up = 0; up <= count; up += 1) {
        const all = Array.from({ length: count }, (_, index) => ({
          name: `m${index}`,
          reachable: index < up,
          leader: false,
        }));
        expect(spareOf(all) >= 0).toBe(up * 2 > count);
      }
  });
});
