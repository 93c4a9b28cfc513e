import { describe, expect, test } from "vitest";
import { BeltError } from "../../src/util/errors.ts";
import { type RetryPolicy, retry } from "../../src/util/retry.ts";
import { FakeClock } from "../support/clock.ts";

const policy: RetryPolicy = { attempts: 4, firstDelayMs: 100, maxDelayMs: 300, factor: 2 };
const busy = (attempt: number) => new BeltError("provider.unavailable", `busy ${attempt}`, { retryable: true });

function run<T>(operation: (attempt: number) => Promise<T>, more: Partial<RetryPolicy> = {}, random = 1) {
  const clock = new FakeClock();
  const abort = new AbortController();
  const told: string[] = [];
  const context = {
    clock,
    random: () => random,
    onRetry: (error: unknown, attempt: number, delayMs: number) => told.push(`${error} ${attempt} ${delayMs}`),
  };
  return { clock, abort, told, result: retry({ ...policy, ...more }, context, abort.signal, operation) };
}

describe("an operation", () => {
  test("that succeeds runs once", async () => {
    const { clock, result } = run(async (attempt) => attempt);
    expect(await result).toBe(1);
    expect(clock.slept).toEqual([]);
  });

  test("that fails is tried again, with delays that grow up to the largest", async () => {
    const { clock, result, told } = run((attempt) => Promise.reject(busy(attempt)));
    await expect(clock.runUntil(result)).rejects.toThrow("busy 4");
    expect(clock.slept).toEqual([100, 200, 300]);
    expect(told[0]).toBe("BeltError: busy 1 1 100");
  });

  test("waits at least half of the delay", async () => {
    const { clock, result } = run(
      (attempt) => (attempt < 3 ? Promise.reject(busy(attempt)) : Promise.resolve("done")),
      {},
      0,
    );
    expect(await clock.runUntil(result)).toBe("done");
    expect(clock.slept).toEqual([50, 100]);
  });

  test("is not tried again where its error is not worth it", async () => {
    const { clock, result } = run(() => Promise.reject(new Error("no")));
    await expect(result).rejects.toThrow("no");
    expect(clock.slept).toEqual([]);
  });

  test("is tried again where the policy says so", async () => {
    const { clock, result } = run(() => Promise.reject(new Error("no")), { retryIf: () => true });
    await expect(clock.runUntil(result)).rejects.toThrow("no");
    expect(clock.slept).toHaveLength(3);
  });

  test("stops at once when the caller aborts in a delay", async () => {
    const { clock, abort, result } = run((attempt) => Promise.reject(busy(attempt)));
    const checked = expect(result).rejects.toThrow("Ctrl-C");
    await clock.advance(50);
    abort.abort(new Error("Ctrl-C"));
    await checked;
    expect([clock.waiting, clock.slept.length]).toEqual([0, 1]);
  });

  test("that fails because the caller aborted keeps its own error", async () => {
    const abort = new AbortController();
    const context = { clock: new FakeClock(), random: () => 0 };
    const work = retry(policy, context, abort.signal, async () => {
      abort.abort(new Error("Ctrl-C"));
      throw busy(1);
    });
    await expect(work).rejects.toThrow("busy 1");
  });
});
