import { describe, expect, it } from "vitest";
import { Gathering } from "../../src/util/gathering.ts";

/** A gathering whose goes last until they are let go. */
function scene() {
  const goes: { readonly things: readonly number[]; readonly end: PromiseWithResolvers<void> }[] = [];
  const gathering = new Gathering<number>(async (things) => {
    const end = Promise.withResolvers<void>();
    goes.push({ things, end });
    await end.promise;
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { goes, gathering, turn };
}

describe("things that gather", () => {
  it("while others are dealt with go next, together and in order", async () => {
    const { goes, gathering, turn } = scene();
    const all = [gathering.add([1])];
    await turn();
    all.push(gathering.add([2, 3]), gathering.add([4]));
    goes[0]?.end.resolve();
    await all[0];
    await turn();
    goes[1]?.end.resolve();
    await Promise.all(all);
    expect(goes.map(({ things }) => things)).toEqual([[1], [2, 3, 4]]);
  });

  it("fail together with the go that took them; those of the next one do not", async () => {
    const { goes, gathering, turn } = scene();
    const failing = [gathering.add([1]), gathering.add([2])];
    const told = Promise.allSettled(failing);
    await turn();
    const later = gathering.add([3]);
    goes[0]?.end.reject(new Error("the disk is full"));
    expect((await told).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await turn();
    goes[1]?.end.resolve();
    await later;
    expect(goes.map(({ things }) => things)).toEqual([[1, 2], [3]]);
  });

  it("are waited for only where there are any", async () => {
    const { goes, gathering } = scene();
    await gathering.add([]);
    expect(goes).toEqual([]);
  });
});
