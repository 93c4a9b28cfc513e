import { describe, expect, it } from "vitest";
import { Poller } from "../../src/cluster/poller.ts";
import type { Machine } from "../../src/providers/provider.ts";
import { BeltError } from "../../src/util/errors.ts";
import { FakeClock } from "../support/clock.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { aMachine } from "../support/world.ts";

const signal = new AbortController().signal;
const minute = 60_000;
const busy = new BeltError("provider.unavailable", "too many requests", { retryable: true });
const coming = (name: string): Machine =>
  aMachine(name, { kind: "creating" }, { publicAddress: undefined, privateAddress: undefined });

/** A poller of a provider that lists what `list` says; the calls of it count from 1. */
function scene(list: (call: number) => readonly Machine[]) {
  const clock = new FakeClock();
  const calls: number[] = [];
  const fake = new FakeProvider(clock);
  const provider = {
    ...fake.open(),
    list: async () => {
      calls.push(clock.elapsed());
      return list(calls.length);
    },
  };
  const poller = new Poller({ plugin: fake.plugin, provider }, "c1", { clock, random: () => 1 });
  return { clock, calls, poller };
}

describe("machines that are waited for", () => {
  it("are handed on as soon as they have an address, with one list a round for all of them", async () => {
    const { clock, calls, poller } = scene((call) => [aMachine("a"), call < 3 ? coming("b") : aMachine("b")]);
    const handedOn: string[] = [];
    const all = ["a", "b"].map(async (name) => {
      const machine = await poller.untilAddressed(coming(name), signal);
      handedOn.push(`${machine.name} at ${clock.elapsed()}`);
    });
    await clock.runUntil(Promise.all(all));
    expect(handedOn).toEqual(["a at 5000", "b at 15000"]);
    expect(calls).toEqual([5000, 10_000, 15_000]);
  });

  it("are not asked after when they have an address already", async () => {
    const { calls, poller } = scene(() => []);
    expect((await poller.untilAddressed(aMachine("a"), signal)).name).toBe("a");
    expect(calls).toEqual([]);
  });

  it.each<readonly [string, () => readonly Machine[], string, number]>([
    [
      "fail when they are said to have",
      () => [aMachine("a", { kind: "failed", reason: "no disk" })],
      "machine.failed",
      5000,
    ],
    ["are missing after a minute off the list", () => [], "machine.missing", 65_000],
    ["are waited for ten minutes", () => [coming("a")], "timeout", 10 * minute],
  ])("%s", async (_, list, code, afterMs) => {
    const { clock, poller } = scene(list);
    const waiting = poller.untilAddressed(coming("a"), signal);
    await expect(clock.runUntil(waiting)).rejects.toMatchObject({ code, message: expect.stringContaining("a ") });
    expect(clock.elapsed()).toBe(afterMs);
  });
});

describe("a list that fails", () => {
  it.each([
    ["which says that it may pass", busy],
    ["of which nothing is known", new TypeError("fetch failed")],
  ])("with an error %s is asked for again after longer pauses, and counted anew once it came", async (_, error) => {
    const { clock, calls, poller } = scene((call) => {
      if (call === 4) return [coming("a")];
      if (call < 9) throw error;
      return [aMachine("a")];
    });
    await clock.runUntil(poller.untilAddressed(coming("a"), signal));
    const pauses = calls.map((atMs, index) => atMs - (calls[index - 1] ?? 0));
    expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 5000, 10_000, 20_000, 40_000, minute]);
  });

  it("is given up after six tries in a row: all who wait fail, and who comes later fails without another one", async () => {
    const { clock, calls, poller } = scene(() => {
      throw busy;
    });
    const all = ["a", "b"].map((name) => poller.untilAddressed(coming(name), signal));
    const results = await clock.runUntil(Promise.allSettled(all));
    expect(results).toMatchObject([{ reason: busy }, { reason: busy }]);
    expect(calls).toHaveLength(6);
    await expect(poller.untilAddressed(coming("c"), signal)).rejects.toBe(busy);
    expect(calls).toHaveLength(6);
  });

  it("is given up at once where asking again is of no use", async () => {
    const denied = new BeltError("provider.refused", "the key is not valid any more");
    const { clock, calls, poller } = scene(() => {
      throw denied;
    });
    await expect(clock.runUntil(poller.untilAddressed(coming("a"), signal))).rejects.toBe(denied);
    expect(calls).toHaveLength(1);
  });

  it("is not waited for once the command is stopped", async () => {
    const { clock, poller } = scene(() => [coming("a")]);
    const stop = new AbortController();
    const waiting = poller.untilAddressed(coming("a"), stop.signal);
    await clock.advance(7000);
    stop.abort(new BeltError("interrupted", "stopped"));
    await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
    expect(clock.waiting).toBe(0);
  });
});
