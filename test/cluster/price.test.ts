import { describe, expect, it } from "vitest";
import { amount } from "../../src/cluster/price.ts";

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
