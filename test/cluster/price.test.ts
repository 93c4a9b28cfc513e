import { describe, expect, it } from "vitest";
import { amount } from "../../src/cluster/price.ts";
import { manyMachines } from "../support/many-machines.ts";

describe("an amount of money", () => {
  it.each([
    [0.00595 * 3, "0.01785"],
    [0.1 + 0.2, "0.3"],
    [12, "12"],
    [0, "0"],
  ])("%d reads %s", (value, text) => {
    expect(amount(value)).toBe(text);
  });
});

describe("a cluster on a provider that says its prices", () => {
  const groups = `a: { role: bare, machines: "node[1:4]" }, b: { role: bare, machines: "big[1:2]", size: large }`;
  const scene = async (prices: Readonly<Record<string, number>>, limits = "") => {
    const all = await manyMachines({ groups, limits });
    all.provider.prices = prices;
    return all;
  };

  it("is shown with what all of it costs an hour", async () => {
    await using all = await scene({ small: 0.006, large: 0.05 });
    await using cluster = await all.open();
    const { prices } = await cluster.plan({}, new AbortController().signal);
    expect(prices).toEqual([{ currency: "USD", hourly: expect.closeTo(0.124), unknown: [] }]);
  });

  it("is made where it costs as much as the file allows", async () => {
    await using all = await scene({ small: 0.25, large: 0.5 }, "limits: { maxHourlyPrice: 2 }\n");
    expect(await all.up()).toMatchObject({ kind: "done" });
  });

  it("is refused before anything is made where it costs more", async () => {
    await using all = await scene({ small: 0.25, large: 0.5 }, "limits: { maxHourlyPrice: 1.99 }\n");
    await expect(all.up()).rejects.toMatchObject({
      code: "guard.budget",
      message: "2 USD an hour is more than limits.maxHourlyPrice allows (1.99)",
    });
    expect(all.provider.creates).toEqual([]);
  });

  it("is made all the same on one that says none, and the user is told that nothing is bounded", async () => {
    await using all = await manyMachines({ groups, limits: "limits: { maxHourlyPrice: 0.01 }\n" });
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(all.deps.events).toContainEqual(
      expect.objectContaining({ message: "limits.maxHourlyPrice bounds nothing on fake: no prices there" }),
    );
  });

  it("is refused where the price of a machine is not known", async () => {
    await using all = await scene({ small: 0.25 }, "limits: { maxHourlyPrice: 9 }\n");
    await expect(all.up()).rejects.toMatchObject({
      code: "guard.budget",
      message: expect.stringContaining("big[1:2]"),
    });
    expect(all.provider.creates).toEqual([]);
  });
});
