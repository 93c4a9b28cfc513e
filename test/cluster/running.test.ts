import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BeltError } from "../../src/util/errors.ts";
import { asked, busy, connectionTo, madeTwice, manyMachines, numberOf } from "../support/many-machines.ts";

const machines = 200;
const names = Array.from({ length: machines }, (_, index) => `node${index + 1}`);
/** What is asked of a provider that lists in time: one list a poll, and a few around it. */
const listsIn = (elapsedMs: number): number => elapsedMs / 5000 + 5;

describe("two hundred machines of a provider that", () => {
  it("answers slowly are asked for once each, and waited for with one list a round", async () => {
    await using all = await manyMachines({ faults: { makingMs: 300_000 } });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(all.provider.creates).toHaveLength(machines / 10);
    expect(asked(all.provider)).toBe(machines);
    expect(all.provider.lists).toBeLessThanOrEqual(listsIn(all.clock.elapsed()));
    expect(await all.changes()).toEqual([]);
  });

  it("is done leave nothing to do: a second run asks once what is there, and writes nothing", async () => {
    await using all = await manyMachines({});
    await all.up();
    const before = { lists: all.provider.lists, journal: await readFile(all.journal, "utf8") };
    expect(await all.up()).toMatchObject({ kind: "unchanged" });
    expect(all.provider.creates).toHaveLength(machines / 10);
    expect(all.provider.lists - before.lists).toBe(1);
    expect(await readFile(all.journal, "utf8")).toBe(before.journal);
  });

  it("is still at it when the command is stopped are not asked for again by the next one", async () => {
    await using all = await manyMachines({ faults: { makingMs: 300_000 } });
    const stop = new AbortController();
    const first = all.up(stop.signal);
    while (all.provider.creates.length < machines / 10) await all.clock.advance(1000);
    stop.abort(new BeltError("interrupted", "stopped"));
    await expect(first).rejects.toMatchObject({ code: "interrupted" });
    expect((await all.up()).failures).toEqual([]);
    expect(asked(all.provider)).toBe(machines);
    expect(madeTwice(all.provider)).toEqual([]);
  });

  it("has only begun when the command is stopped are begun no more, and no intent is left open", async () => {
    await using all = await manyMachines({ callMs: 10_000 });
    const stop = new AbortController();
    const first = all.up(stop.signal);
    while (all.provider.creates.length < 4) await all.clock.advance(1000);
    stop.abort(new BeltError("interrupted", "stopped"));
    await expect(first).rejects.toMatchObject({ code: "interrupted" });
    expect(all.provider.creates).toHaveLength(4);
    const seqs = (await readFile(all.journal, "utf8")).matchAll(/"kind":"(intent|outcome)".*?"seq":(\d+)/g);
    const counts = Map.groupBy(seqs, ([, , seq]) => seq);
    expect([...counts.values()].filter((lines) => lines.length !== 2)).toEqual([]);
    expect(await all.changes()).toHaveLength(machines - 40);
  });

  it("refuses some requests up to four times are tried again, a bounded number of times, until all are there", async () => {
    const refuse = (name: string, attempt: number) => (attempt <= numberOf(name) % 5 ? busy() : undefined);
    await using all = await manyMachines({ faults: { refuse } });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(asked(all.provider)).toBeLessThanOrEqual(machines * 5);
    expect(madeTwice(all.provider)).toEqual([]);
    expect(await all.changes()).toEqual([]);
  });

  it("fails half the time are all there after a few runs, each of them bounded", async () => {
    let state = 7;
    const coin = (): boolean => {
      state = (state * 1103515245 + 12345) % 2 ** 31; // the generator of ANSI C
      return (state >> 16) % 2 === 0;
    };
    await using all = await manyMachines({ faults: { refuse: () => (coin() ? busy() : undefined) } });
    let [runs, before] = [0, 0];
    for (let kind = "partial"; kind !== "done"; runs += 1) {
      expect(runs).toBeLessThan(30);
      kind = (await all.up()).kind;
      expect(asked(all.provider) - before).toBeLessThanOrEqual(machines * 5);
      before = asked(all.provider);
      const there = all.provider.made;
      expect(await all.changes()).toEqual(names.filter((name) => !there.has(name)).map((name) => `create ${name}`));
    }
    expect(madeTwice(all.provider)).toEqual([]);
  });

  it("refuses half of them for good open the breaker: no more are begun, and the plan has exactly those that are not there", async () => {
    const refuse = (name: string) =>
      numberOf(name) % 2 === 1 ? new BeltError("provider.capacity", "no capacity") : undefined;
    await using all = await manyMachines({ faults: { refuse } });
    const outcome = await all.up();
    expect(outcome.kind).toBe("partial");
    expect(outcome.next).toBe("belt up");
    expect(all.provider.creates.length).toBeLessThanOrEqual(3);
    const codes = new Set(outcome.failures.map(({ error }) => error.code));
    expect(codes).toEqual(new Set(["provider.capacity", "guard.failures"]));
    const notBegun = outcome.failures.find(({ error }) => error.code === "guard.failures");
    expect(notBegun?.error.message).toMatch(
      /not begun: \d+ machines of the group metal have failed already, the first because no capacity/,
    );
    const there = all.provider.made;
    expect(await all.changes()).toEqual(names.filter((name) => !there.has(name)).map((name) => `create ${name}`));
    all.provider.faults = {};
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(madeTwice(all.provider)).toEqual([]);
    expect(await all.changes()).toEqual([]);
  });

  it("has no more of one size fail in their group only: the other group is all there", async () => {
    const refuse = (name: string) => (name.startsWith("big") ? new BeltError("provider.capacity", "none") : undefined);
    const groups = `big: { role: bare, machines: "big[1:100]" }, tiny: { role: bare, machines: "tiny[1:100]" }`;
    await using all = await manyMachines({ faults: { refuse }, groups });
    expect(await all.up()).toMatchObject({ kind: "partial" });
    expect([...all.provider.made.keys()].filter((name) => name.startsWith("tiny"))).toHaveLength(100);
    expect(asked(all.provider)).toBeLessThanOrEqual(100 + 30);
    expect(await all.changes()).toHaveLength(100);
  });

  it("breaks off every call are asked for a bounded number of times: the breaker opens with the first calls", async () => {
    const breakOff = () => new TypeError("fetch failed");
    await using all = await manyMachines({ faults: { breakOff } });
    const outcome = await all.up();
    expect(outcome.kind).toBe("failed");
    expect(all.provider.creates).toHaveLength(2 * 5);
    expect(outcome.failures[0]?.error.message).toMatch(/^the provider refused to make node\d+: fetch failed$/);
    expect(await all.changes()).toHaveLength(machines);
  });

  it("makes machines that never answer open the breaker while the others are still to be begun", async () => {
    const refused = new BeltError("ssh.auth-refused", "refused the key");
    const connect = async () => Promise.reject(refused);
    await using all = await manyMachines({ connect, callMs: 20_000 });
    const outcome = await all.up();
    expect(outcome.kind).toBe("failed");
    expect(all.provider.creates.length).toBeLessThanOrEqual(4);
    expect(new Set(outcome.failures.map(({ phase, error }) => `${phase} ${error.code}`))).toEqual(
      new Set(["reach ssh.auth-refused", "create guard.failures"]),
    );
  });

  it("says yes and then loses machines open the breaker too, and are told by name", async () => {
    const lose = (name: string) => numberOf(name) % 4 === 0;
    await using all = await manyMachines({ faults: { makingMs: 20_000, lose } });
    const outcome = await all.up();
    expect(outcome.kind).toBe("partial");
    expect(outcome.failures.map(({ error }) => error.code)).toContain("machine.missing");
    expect(asked(all.provider)).toBeLessThanOrEqual(machines);
    expect(all.provider.lists).toBeLessThan(60);
    const lost = outcome.failures.map(({ machine }) => `create ${machine}`).sort();
    expect([...(await all.changes())].sort()).toEqual(lost);
    all.provider.faults = {};
    expect(await all.up()).toMatchObject({ kind: "done" });
  });

  it.each([
    ["in words", () => new BeltError("provider.unavailable", "the connection was cut", { retryable: true })],
    ["in any way", () => new Error("socket hang up")],
  ])("loses replies, told %s, are not made twice: what is there by then is taken", async (_, error) => {
    await using all = await manyMachines({ faults: { loseReply: (call) => (call % 3 === 1 ? error() : undefined) } });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(madeTwice(all.provider)).toEqual([]);
    expect(asked(all.provider)).toBe(machines);
  });

  it("throttles its list are waited for with longer pauses, and all are there in the end", async () => {
    const failList = (call: number) => (call > 1 && call % 2 === 0 ? busy() : undefined);
    await using all = await manyMachines({ faults: { makingMs: 60_000, failList } });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(all.provider.lists).toBeLessThanOrEqual(listsIn(all.clock.elapsed()));
  });

  it("lists nothing any more are given up after six tries for all of them, each told", async () => {
    const failList = (call: number) => (call > 1 ? busy() : undefined);
    await using all = await manyMachines({ faults: { makingMs: 60_000, failList } });
    const outcome = await all.up();
    expect(outcome.kind).toBe("failed");
    expect(outcome.failures).toHaveLength(machines);
    expect(all.provider.lists).toBe(1 + 6);
    all.provider.faults = { makingMs: 60_000 };
    expect((await all.up()).failures).toEqual([]);
    expect(await all.changes()).toEqual([]);
    expect(madeTwice(all.provider)).toEqual([]);
  });

  it("works, and stay within limits.maxFailures of failures where the file allows more of them", async () => {
    const refuse = (name: string) => (numberOf(name) <= 50 ? new BeltError("provider.refused", "no") : undefined);
    await using all = await manyMachines({ faults: { refuse }, limits: "limits: { maxFailures: 60 }\n" });
    const outcome = await all.up();
    expect(outcome.failures).toHaveLength(50);
    expect(outcome.failures.every(({ error }) => error.code === "provider.refused")).toBe(true);
    expect(await all.changes()).toHaveLength(50);
  });

  it("has some that do not answer at first are up again after the next run, and their failure is a thing of the past", async () => {
    let isDown = true;
    const connect = async ({ name }: { readonly name: string }) => {
      if (isDown && numberOf(name) === 7) throw new BeltError("ssh.auth-refused", "refused the key");
      return connectionTo(name);
    };
    await using all = await manyMachines({ connect });
    const failureOf = async (name: string) => {
      await using cluster = await all.open();
      const { machines: views } = await cluster.observe({ swarm: false }, new AbortController().signal);
      return views.flatMap((view) => (view.name === name ? [cluster.standing(view).lastFailure] : []));
    };
    expect(await all.up()).toMatchObject({ kind: "partial" });
    expect(await failureOf("node7")).toMatchObject([{ phase: "reach", code: "ssh.auth-refused" }]);
    isDown = false;
    expect(await all.up()).toMatchObject({ kind: "unchanged" });
    expect(await failureOf("node7")).toEqual([undefined]);
  });
});
