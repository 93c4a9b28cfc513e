import { describe, expect, it } from "vitest";
import { Semaphore } from "../../src/util/semaphore.ts";

const never = new AbortController().signal;

describe("a semaphore", () => {
  it("lets in no more than it has places, and the others in the order of asking", async () => {
    const places = new Semaphore(2);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    const work = async (index: number): Promise<void> => {
      order.push(index);
      inside += 1;
      most = Math.max(most, inside);
      await Promise.resolve();
      inside -= 1;
    };
    await Promise.all([0, 1, 2, 3, 4].map((index) => places.run(never, () => work(index))));
    expect([most, order]).toEqual([2, [0, 1, 2, 3, 4]]);
  });

  it("frees the place of work that fails", async () => {
    const places = new Semaphore(1);
    await expect(places.run(never, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await places.run(never, async () => "in")).toBe("in");
  });

  it("lets a waiting caller go without a place, which then goes to the next", async () => {
    const places = new Semaphore(1);
    const held = Promise.withResolvers<void>();
    const first = places.run(never, () => held.promise);
    const controller = new AbortController();
    const second = places.run(controller.signal, async () => "second");
    const third = places.run(never, async () => "third");
    controller.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    held.resolve();
    await first;
    expect(await third).toBe("third");
  });
});
