import { describe, expect, it } from "vitest";
import { Breaker } from "../../src/cluster/breaker.ts";
import { BeltError } from "../../src/util/errors.ts";

const worker = (number: number) => ({ name: `node${number}`, group: "workers" });
const full = new BeltError("provider.capacity", "there is no capacity");

describe("the breaker of a group", () => {
  it("lets machines be begun until as many have failed as may", () => {
    const breaker = new Breaker(2);
    expect(breaker.refusal("workers")).toBeUndefined();
    breaker.failed(worker(1), full);
    expect(breaker.refusal("workers")).toBeUndefined();
    breaker.failed(worker(2), new Error("later"));
    expect(breaker.refusal("workers")).toMatchObject({
      code: "guard.failures",
      message: "not begun: 2 machines of the group workers have failed already, the first because there is no capacity",
      hint: expect.stringContaining("limits.maxFailures says: 2."),
    });
  });

  it("counts a machine once, however often its failure is told, and keeps the first reason", () => {
    const breaker = new Breaker(2);
    for (const why of ["first", "second", "third"]) breaker.failed(worker(1), new Error(why));
    expect(breaker.refusal("workers")).toBeUndefined();
    breaker.failed(worker(2), full);
    expect(breaker.refusal("workers")?.message).toMatch(/^not begun: 2 machines .* because first$/);
  });

  it("says it of a single machine where one may fail", () => {
    const breaker = new Breaker(1);
    breaker.failed(worker(1), full);
    expect(breaker.refusal("workers")?.message).toMatch(/^not begun: 1 machine of the group workers has failed/);
  });

  it("counts each group by itself", () => {
    const breaker = new Breaker(1);
    breaker.failed(worker(1), full);
    expect(breaker.refusal("managers")).toBeUndefined();
  });

  it.each(["guard.failures", "interrupted"] as const)("takes %s for no failure of the machine", (code) => {
    const breaker = new Breaker(1);
    breaker.failed(worker(1), new BeltError(code, "stopped"));
    expect(breaker.refusal("workers")).toBeUndefined();
  });
});
