import { describe, expect, test } from "vitest";
import { Mutex, mapBounded } from "../../src/util/concurrency.ts";
import { FakeClock } from "../support/clock.ts";

const never = new AbortController().signal;

describe("bounded work", () => {
  test("never runs more at a time than the limit, and as many as it may", async () => {
    const clock = new FakeClock();
    let [running, most] = [0, 0];
    const work = mapBounded([30, 10, 20, 10, 10], 2, async (ms) => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(ms, never);
      running -= 1;
    });
    await clock.runUntil(work);
    expect(most).toBe(2);
    expect(clock.elapsed()).toBe(40);
  });

  test("keeps the order of the items and every failure", async () => {
    const results = await mapBounded(["a", "b", "c"], 3, async (item, index) => {
      if (item === "b") throw new Error("b failed");
      return `${item}${index}`;
    });
    expect(results).toEqual([
      { status: "fulfilled", value: "a0" },
      { status: "rejected", reason: new Error("b failed") },
      { status: "fulfilled", value: "c2" },
    ]);
  });

  test("takes a throw outside a promise as a failure, too", async () => {
    const results = await mapBounded([1], 1, () => {
      throw new Error("at once");
    });
    expect(results).toEqual([{ status: "rejected", reason: new Error("at once") }]);
  });

  test.each([0, -1, 1, 100])("does all of it with a limit of %i", async (limit) => {
    const results = await mapBounded([1, 2, 3], limit, async (item) => item);
    expect(results.map((result) => result?.status)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  });

  test("is nothing for no items", async () => {
    expect(await mapBounded([], 5, async () => 1)).toEqual([]);
  });
});

test("a mutex runs callers one after the other, in the order in which they asked, also after a failure", async () => {
  const clock = new FakeClock();
  const mutex = new Mutex();
  const log: string[] = [];
  const visit = (name: string, ms: number) =>
    mutex.run(async () => {
      log.push(`${name} in`);
      await clock.sleep(ms, never);
      log.push(`${name} out`);
      if (name === "a") throw new Error("a failed");
      return name;
    });
  const all = Promise.allSettled([visit("a", 30), visit("b", 10), visit("c", 0)]);
  expect((await clock.runUntil(all)).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(log).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});
