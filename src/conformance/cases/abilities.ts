import assert from "node:assert/strict";
import { type Bench, planned } from "../bench.ts";
import type { Case } from "../conformance-case.ts";

/** What a provider may be able to do; one that cannot says so by having nothing there. */
export const abilityCases: readonly Case[] = [
  {
    name: "powers a machine off and on, and takes it calmly when it is so already",
    skip: without("power", "it cannot power machines off"),
    run: async (bench, signal) => {
      const machine = await bench.running("a", signal);
      const { power } = await bench.provider();
      await power?.stop(machine, signal);
      await power?.stop(machine, signal);
      assert.equal((await bench.must("a", signal)).state.kind, "stopped");
      await power?.start(machine, signal);
      await power?.start(machine, signal);
      const { id, state, privateAddress } = machine;
      assert.partialDeepStrictEqual(await bench.must("a", signal), { id, state, privateAddress });
      await power?.restart(machine, signal);
      assert.equal((await bench.must("a", signal)).state.kind, "running");
    },
  },
  {
    name: "gives a machine another size, and takes it calmly when it has it already",
    skip: async (bench) =>
      (await without("resize", "it cannot change sizes")(bench)) ??
      (bench.subject.otherSize === undefined ? "no other size was named" : undefined),
    run: async (bench, signal) => {
      const machine = await bench.running("b", signal);
      const size = bench.subject.otherSize ?? "";
      const { resize } = await bench.provider();
      await resize?.resize(machine, size, signal);
      await resize?.resize({ ...machine, size }, size, signal);
      const { id, state } = machine;
      assert.partialDeepStrictEqual(await bench.must("b", signal), { id, state, size });
    },
  },
  {
    name: "tells prices in the order asked, and none for what it has not",
    skip: without("prices", "it tells no prices"),
    run: async (bench, signal) => {
      const { prices } = await bench.provider();
      assert.match(prices?.currency ?? "", /^[A-Z]{3}$/);
      const asked = planned(bench.request("a"));
      const { unknownSize } = bench.subject;
      const unknown = unknownSize === undefined ? [] : [{ ...asked, size: unknownSize }];
      const told = (await prices?.hourly([asked, ...unknown, asked], signal)) ?? [];
      assert.equal(told.length, 2 + unknown.length);
      assert.ok(told[0] === undefined || told[0] >= 0, `${told[0]} is no price`);
      assert.equal(told.at(-1), told[0]);
      if (unknown.length > 0) assert.equal(told[1], undefined, `there is a price for ${unknownSize}`);
    },
  },
  {
    name: "shows what a machine's console printed",
    skip: without("console", "it keeps no console"),
    run: async (bench, signal) => {
      const machine = await bench.running("b", signal);
      const log = (await bench.provider()).console;
      await bench.eventually(
        "the console to say something",
        async () => (await log?.read(machine, signal)) || undefined,
        signal,
      );
      for await (const text of log?.follow(machine, signal) ?? []) {
        assert.notEqual(text, "");
        break;
      }
    },
  },
];

function without(ability: "power" | "resize" | "prices" | "console", reason: string) {
  return async (bench: Bench): Promise<string | undefined> =>
    (await bench.provider())[ability] === undefined ? reason : undefined;
}
