import { describe, expect, it } from "vitest";
import { Semaphore } from "../../src/util/semaphore.ts";

const { signal } = new AbortController();

describe("places that are taken and given back", () => {
  it("admits as many as there are places, and the others in their order", async () => {
    const slots = new Semaphore(2);
    const order: number[] = [];
    const releases = [await slots.acquire(signal), await slots.acquire(signal)];
    const waiting = [3, 4].map(async (number) => {
      const release = await slots.acquire(signal);
      order.push(number);
      release();
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    releases[0]?.();
    await Promise.all(waiting);
    expect(order).toEqual([3, 4]);
  });

  it("counts a place given back twice once", async () => {
    const slots = new Semaphore(1);
    const first = await slots.acquire(signal);
    first();
    first();
    await slots.acquire(signal);
    const late = new AbortController();
    const third = slots.acquire(late.signal);
    late.abort(new Error("given up"));
    await expect(third).rejects.toThrow("given up");
  });

  it("lets who gives up leave the queue without taking a place", async () => {
    const slots = new Semaphore(1);
    const release = await slots.acquire(signal);
    const leaving = new AbortController();
    const left = slots.acquire(leaving.signal);
    const next = slots.acquire(signal);
    leaving.abort(new Error("given up"));
    await expect(left).rejects.toThrow("given up");
    release();
    (await next)();
    await expect(slots.acquire(AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });
});
