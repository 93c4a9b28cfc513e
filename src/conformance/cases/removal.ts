import assert from "node:assert/strict";
import type { Case } from "../conformance-case.ts";

/** Machines go, and what is gone stays gone. */
export const removalCases: readonly Case[] = [
  {
    name: "removes machines, and finds those removed that are gone",
    run: async (bench, signal) => {
      const machine = await bench.running("b", signal);
      const provider = await bench.provider();
      const [outcome] = await provider.remove([machine], signal);
      assert.equal(outcome?.kind, "removed");
      assert.equal(outcome.machine.id, machine.id);
      await bench.eventually("b to be gone", async () => (await bench.find("b", signal)) === undefined, signal);
      assert.equal((await provider.remove([machine], signal))[0]?.kind, "removed");
    },
  },
  {
    name: "never takes a new machine for the old one of the same name",
    skip: async ({ subject }) =>
      subject.plugin.hostKeys === "own" ? "its hosts are there before and after" : undefined,
    run: async (bench, signal) => {
      const old = await bench.running("d", signal);
      const provider = await bench.provider();
      await provider.remove([old], signal);
      await bench.eventually("d to be gone", async () => (await bench.find("d", signal)) === undefined, signal);
      const anew = await bench.running("d", signal);
      assert.notEqual(anew.id, old.id);
      assert.equal((await provider.remove([old], signal))[0]?.kind, "removed");
      assert.equal((await bench.must("d", signal)).id, anew.id);
    },
  },
  {
    name: "has nothing left when all is removed",
    run: async (bench, signal) => {
      await bench.running("a", signal);
      const provider = await bench.provider();
      const spec = bench.spec(bench.clusterId, ["a"]);
      await bench.removeAll(bench.clusterId, signal);
      await provider.shared?.remove(bench.clusterId, signal);
      const untouched = await provider.shared?.inspect(bench.spec(`${bench.clusterId}-new`, ["a"]), signal);
      assert.equal((await provider.shared?.inspect(spec, signal))?.length, untouched?.length, "shared parts are left");
      assert.deepEqual(await bench.list(signal), []);
    },
  },
];
