import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadSpec } from "../../src/cluster/load-spec.ts";
import { openDescribed } from "../../src/cluster/open-cluster.ts";
import type { Cluster, Outcome } from "../../src/cluster/types.ts";
import type { Connection } from "../../src/ssh/connection.ts";
import { BeltError } from "../../src/util/errors.ts";
import { FakeClock } from "../support/clock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { FakeProvider, type Faults } from "../support/fake-provider.ts";
import { temporaryFolder } from "../support/temporary.ts";

const machines = 200;
const signal = new AbortController().signal;
const agreed = { allowRemove: false, acceptNoSpare: true, moveLocalVolumes: false, force: false };

/** A cluster of 200 machines that are only made and reached, on a provider in memory and a clock of the test's. */
async function scene(faults: Faults, limits = "") {
  const folder = await temporaryFolder();
  const clock = new FakeClock();
  const provider = new FakeProvider(clock);
  provider.faults = faults;
  const file = path.join(folder.path, "cluster.yml");
  const group = `groups: { metal: { role: bare, machines: "node[1:${machines}]" } }`;
  await writeFile(file, `version: 1\nname: many\nprovider: fake\n${limits}${group}\n`);
  const deps = testDependencies(folder.path, {
    clock,
    random: () => 0.5,
    providers: { fake: async () => provider.plugin },
    connect: async (target) => connectionTo(target.name),
  });
  const source = { kind: "file", path: file } as const;
  const home = { path: path.join(folder.path, ".belt") };
  const open = async (): Promise<Cluster> =>
    await openDescribed(home, { spec: await loadSpec(source, [], deps), source }, deps);
  const up = async (stop: AbortSignal = signal): Promise<Outcome> => {
    await using cluster = await open();
    return await passing(clock, cluster.up(agreed, stop));
  };
  const missing = async (): Promise<readonly string[]> => {
    await using cluster = await open();
    const { changes } = await passing(clock, cluster.plan({}, signal));
    return changes.map(({ action, machine }) => `${action} ${machine}`);
  };
  return { clock, provider, up, missing, deps, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Lets the clock run while work goes on that waits for the disk too: it stands still as long as the disk is at work. */
async function passing<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = work.finally(() => {
    settled = true;
  });
  done.catch(() => {});
  while (!settled) {
    await new Promise((resolve) => setImmediate(resolve));
    if (process.getActiveResourcesInfo().some((resource) => resource.startsWith("FS"))) continue;
    await clock.advance(250);
  }
  return await done;
}

function connectionTo(name: string): Connection {
  const never = async (): Promise<never> => {
    throw new Error("nothing is run on machines that are only reached");
  };
  return {
    ...{
      name,
      user: "root",
      address: "192.0.2.1",
      hostKey: "",
      exec: never,
      writeFile: never,
      openSocket: never,
      terminal: never,
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

const busy = () => new BeltError("provider.unavailable", "too many requests", { retryable: true });
const asked = ({ creates }: FakeProvider): number => creates.reduce((sum, names) => sum + names.length, 0);
const twice = ({ made }: FakeProvider): readonly string[] =>
  [...made].flatMap(([name, count]) => (count > 1 ? [name] : []));

describe("two hundred machines of a provider that", () => {
  it("answers slowly are asked for once each, and waited for with one list a round", async () => {
    await using all = await scene({ makingMs: 300_000 });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(all.provider.creates).toHaveLength(machines / 10);
    expect(asked(all.provider)).toBe(machines);
    expect(all.provider.lists).toBeLessThanOrEqual(all.clock.elapsed() / 5000 + 5); // never one a machine
    expect(await all.missing()).toEqual([]);
  });

  it("is still at it when the command is stopped are not asked for again by the next one", async () => {
    await using all = await scene({ makingMs: 300_000 });
    const stop = new AbortController();
    const first = all.up(stop.signal);
    while (all.provider.creates.length < machines / 10) await all.clock.advance(1000);
    stop.abort(new BeltError("interrupted", "stopped"));
    await expect(first).rejects.toMatchObject({ code: "interrupted" });
    expect((await all.up()).failures).toEqual([]);
    expect(asked(all.provider)).toBe(machines);
    expect(twice(all.provider)).toEqual([]);
  });

  it("refuses some requests up to four times are tried again, a bounded number of times, until all are there", async () => {
    const refuse = (name: string, attempt: number) => (attempt <= Number(name.slice(4)) % 5 ? busy() : undefined);
    await using all = await scene({ refuse });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(asked(all.provider)).toBeLessThanOrEqual(machines * 5);
    expect(twice(all.provider)).toEqual([]);
    expect(await all.missing()).toEqual([]);
  });

  it("fails half the time are all there after a few runs, each of them bounded", async () => {
    let state = 7;
    const coin = (): boolean => {
      state = (state * 1103515245 + 12345) % 2 ** 31; // the generator of ANSI C
      return (state >> 16) % 2 === 0;
    };
    await using all = await scene({ refuse: () => (coin() ? busy() : undefined) });
    let [runs, before] = [0, 0];
    for (let kind = "partial"; kind !== "done"; runs += 1) {
      expect(runs).toBeLessThan(30);
      kind = (await all.up()).kind;
      expect(asked(all.provider) - before).toBeLessThanOrEqual(machines * 5);
      before = asked(all.provider);
      const there = new Set(all.provider.made.keys());
      expect(await all.missing()).toHaveLength(machines - there.size);
    }
    expect(twice(all.provider)).toEqual([]);
  });

  it("refuses half of them for good open the breaker: no more are begun, and the plan has exactly those that are not there", async () => {
    const isOdd = (name: string): boolean => Number(name.slice(4)) % 2 === 1;
    const refuse = (name: string) => (isOdd(name) ? new BeltError("provider.capacity", "no capacity") : undefined);
    await using all = await scene({ refuse });
    const outcome = await all.up();
    expect(outcome.kind).toBe("partial");
    expect(all.provider.creates.length).toBeLessThanOrEqual(3);
    const codes = new Set(outcome.failures.map(({ error }) => error.code));
    expect(codes).toEqual(new Set(["provider.capacity", "guard.failures"]));
    const notBegun = outcome.failures.find(({ error }) => error.code === "guard.failures");
    expect(notBegun?.error.message).toMatch(
      /not begun: \d+ machines of the group metal have failed already, the first because no capacity/,
    );
    const there = new Set(all.provider.made.keys());
    const expected = Array.from({ length: machines }, (_, index) => `node${index + 1}`).filter(
      (name) => !there.has(name),
    );
    expect(await all.missing()).toEqual(expected.map((name) => `create ${name}`));
    all.provider.faults = {};
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(twice(all.provider)).toEqual([]);
    expect(await all.missing()).toEqual([]);
  });

  it("says yes and then loses machines open the breaker too, and are told by name", async () => {
    await using all = await scene({ makingMs: 20_000, lose: (name) => Number(name.slice(4)) % 4 === 0 });
    const outcome = await all.up();
    expect(outcome.kind).toBe("partial");
    expect(outcome.failures.map(({ error }) => error.code)).toContain("machine.missing");
    expect(asked(all.provider)).toBeLessThanOrEqual(machines);
    expect(all.provider.lists).toBeLessThan(60);
    const lost = outcome.failures.map(({ machine }) => `create ${machine}`).sort();
    expect([...(await all.missing())].sort()).toEqual(lost);
    all.provider.faults = {};
    expect(await all.up()).toMatchObject({ kind: "done" });
  });

  it("loses replies are not made twice: what is there by then is taken", async () => {
    await using all = await scene({ loseReply: (call) => call % 3 === 1 });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(twice(all.provider)).toEqual([]);
    expect(asked(all.provider)).toBe(machines);
  });

  it("throttles its list are waited for with longer pauses, and all are there in the end", async () => {
    await using all = await scene({
      makingMs: 60_000,
      failList: (call) => (call > 1 && call % 2 === 0 ? busy() : undefined),
    });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(all.provider.lists).toBeLessThanOrEqual(all.clock.elapsed() / 5000 + 5);
  });

  it("lists nothing any more are given up after a bounded number of tries, each told", async () => {
    await using all = await scene({ makingMs: 60_000, failList: (call) => (call > 1 ? busy() : undefined) });
    const outcome = await all.up();
    expect(outcome.kind).toBe("failed");
    expect(all.provider.lists).toBeLessThanOrEqual(4 * 6 + 2); // four waves of machines, each given up after six
    all.provider.faults = { makingMs: 60_000 };
    expect((await all.up()).failures).toEqual([]);
    expect(await all.missing()).toEqual([]);
    expect(twice(all.provider)).toEqual([]);
  });

  it("works, and stay within limits.maxFailures of failures where the file allows more of them", async () => {
    const refuse = (name: string) =>
      Number(name.slice(4)) <= 50 ? new BeltError("provider.refused", "no") : undefined;
    await using all = await scene({ refuse }, "limits: { maxFailures: 60 }\n");
    const outcome = await all.up();
    expect(outcome.failures).toHaveLength(50);
    expect(outcome.failures.every(({ error }) => error.code === "provider.refused")).toBe(true);
    expect(await all.missing()).toHaveLength(50);
  });
});
