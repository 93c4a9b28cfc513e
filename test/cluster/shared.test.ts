import { describe, expect, it } from "vitest";
import { manyMachines } from "../support/many-machines.ts";

describe("what a provider's machines share", () => {
  const groups = `a: { role: bare, machines: "node[1:3]" }`;

  it("is in the plan where it is not as it should be, and the next run puts it right", async () => {
    await using all = await manyMachines({ groups });
    await all.up();
    expect(all.provider.ensured).toBe(1);
    all.provider.amiss = ["open 80/tcp to any on a"];
    expect(await all.changes()).toEqual(["configure fake"]);
    expect(await all.up()).toMatchObject({ kind: "done", failures: [] });
    expect(all.provider.ensured).toBe(2);
    expect(await all.changes()).toEqual([]);
    expect(await all.up()).toMatchObject({ kind: "unchanged" });
    expect(all.provider.ensured).toBe(2);
  });
});
