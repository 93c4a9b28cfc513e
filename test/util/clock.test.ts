import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/util/clock.ts";
import { FakeClock } from "../support/clock.ts";

const never = new AbortController().signal;

describe("the clock of tests", () => {
  test("wakes sleepers in the order of time, and what they wake sleeps within the same run", async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const sleeper = async (name: string, ...naps: readonly number[]): Promise<void> => {
      for (const ms of naps) {
        await clock.sleep(ms, never);
        log.push(`${name} ${clock.elapsed()}`);
      }
    };
    const all = Promise.all([sleeper("a", 30, 30), sleeper("b", 10, 10, 10), sleeper("c", 10)]);
    await clock.advance(59);
    expect(log).toEqual(["b 10", "c 10", "b 20", "a 30", "b 30"]);
    await clock.advance(1);
    await all;
    expect([log.at(-1), clock.elapsed(), clock.now() - new FakeClock().now()]).toEqual(["a 60", 60, 60]);
  });

  test("ends a sleep at once when its signal aborts", async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const sleep = clock.sleep(10, abort.signal);
    abort.abort(new Error("stop"));
    await expect(sleep).rejects.toThrow("stop");
    await expect(clock.sleep(10, abort.signal)).rejects.toThrow("stop");
    expect(clock.waiting).toBe(0);
  });

  test("says so when the work waits for something else", async () => {
    await expect(new FakeClock().runUntil(new Promise(() => {}))).rejects.toThrow("other than the clock");
  });
});

describe("the machine's clock", () => {
  test("sleeps, and stops with the signal's own reason", async () => {
    const before = systemClock.elapsed();
    await systemClock.sleep(1, never);
    expect(systemClock.elapsed()).toBeGreaterThan(before);
    await expect(systemClock.sleep(1, AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });

  test("does not take a very long sleep for none", async () => {
    const abort = new AbortController();
    const sleep = systemClock.sleep(2 ** 40, abort.signal);
    const first = await Promise.race([sleep, systemClock.sleep(5, never).then(() => "still asleep")]);
    expect(first).toBe("still asleep");
    abort.abort(new Error("stop"));
    await expect(sleep).rejects.toThrow("stop");
  });
});
