import { describe, expect, it } from "vitest";
import { FakeClock } from "../support/clock.ts";
import { Agenda } from "../support/clouds/agenda.ts";
import { SlidingWindow } from "../support/clouds/budget.ts";
import { pageOf } from "../support/clouds/paging.ts";
import { paperHosts } from "../support/clouds/paper-hosts.ts";

describe("the agenda of a cloud", () => {
  it("lets things happen in their order and at their own time, however late somebody looks", async () => {
    const clock = new FakeClock();
    const agenda = new Agenda(clock);
    const seen: string[] = [];
    const note = (what: string) => (atMs: number) => seen.push(`${what} at ${atMs}, ${agenda.nowMs()}`);
    agenda.after(300, note("c"));
    agenda.after(100, note("a"));
    agenda.after(100, note("b"));
    await clock.advance(99);
    agenda.catchUp();
    expect(seen).toEqual([]);
    await clock.advance(1000);
    agenda.catchUp();
    agenda.catchUp();
    expect(seen).toEqual(["a at 100, 100", "b at 100, 100", "c at 300, 300"]);
    expect(agenda.nowMs()).toBe(1099);
  });

  it("lets a thing that brings about another one have it from its own time on", async () => {
    const clock = new FakeClock();
    const agenda = new Agenda(clock);
    const seen: number[] = [];
    agenda.after(100, () => agenda.after(50, (atMs) => seen.push(atMs)));
    await clock.advance(149);
    agenda.catchUp();
    expect(seen).toEqual([]);
    await clock.advance(1);
    agenda.catchUp();
    expect(seen).toEqual([150]);
  });

  it("asks again once at every look, and never in a circle", () => {
    const agenda = new Agenda(new FakeClock());
    let asked = 0;
    const ask = (): void => {
      asked += 1;
      if (asked < 3) agenda.again(ask);
    };
    agenda.again(ask);
    for (const expected of [1, 2, 3, 3]) {
      agenda.catchUp();
      expect(asked).toBe(expected);
    }
  });
});

describe("a sliding window", () => {
  it("forgets each call when it is as old as the window is long, not all at once", () => {
    const window = new SlidingWindow({ limit: 2, windowMs: 1000 });
    window.count(0);
    window.count(600);
    expect(window.look(999)).toEqual({ allowed: false, limit: 2, remaining: 0, resetMs: 1 });
    expect(window.look(1000)).toEqual({ allowed: true, limit: 2, remaining: 1, resetMs: 600 });
    expect(window.look(1600)).toMatchObject({ remaining: 2, resetMs: 0 });
  });
});

describe("a page", () => {
  it.for([
    [1, 2, ["a", "b"], 2],
    [2, 2, ["c"], 2],
    [3, 2, [], 2],
    [1, 3, ["a", "b", "c"], 1],
  ] as const)("%i of %i things each has %j", ([number, size, items, last]) => {
    expect(pageOf(["a", "b", "c"], number, size)).toEqual({ items, number, last, total: 3 });
  });

  it("is there even of nothing", () => {
    expect(pageOf([], 1, 20)).toEqual({ items: [], number: 1, last: 1, total: 0 });
  });
});

describe("hosts of paper", () => {
  it("never give an address twice, and say when a range is full", async () => {
    await using hosts = paperHosts();
    const start = async (id: string): Promise<string | undefined> => {
      const network = { id: "net", range: "10.9.0.0/29" };
      const machine = { id, name: id, image: "", size: "", network, hasPublicAddress: false, authorizedKeys: [] };
      await hosts.start(machine, undefined);
      const address = hosts.addresses(id)?.privateAddress;
      await hosts.remove(id);
      return address;
    };
    const addresses = [await start("a"), await start("b"), await start("c"), await start("d"), await start("e")];
    expect(addresses).toEqual(["10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6"]);
    await expect(start("f")).rejects.toThrow("no free address left");
    expect(hosts.addresses("a")).toBeUndefined();
  });
});
