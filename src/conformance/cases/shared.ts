import assert from "node:assert/strict";
import type { SharedResources } from "../../providers/provider.ts";
import type { Bench } from "../bench.ts";
import type { Case } from "../conformance-case.ts";

const skip: Case["skip"] = async (bench) =>
  (await sharedOf(bench)) === undefined ? "its machines share nothing" : undefined;

/** What the machines of a cluster share: made once, found again, taken away. */
export const sharedCases: readonly Case[] = [
  {
    name: "makes what machines share, says beforehand what that is, and leaves alone what is there",
    skip,
    run: async (bench, signal) => {
      const shared = await mustShare(bench);
      const spec = bench.spec(bench.otherId, ["a"]);
      const missing = await shared.inspect(spec, signal);
      for (const sentence of missing) assert.match(sentence, /\S/);
      await shared.ensure(spec, signal);
      assert.deepEqual(await shared.inspect(spec, signal), [], "something is left to be done after ensure");
      const before = await bench.subject.changes?.();
      await shared.ensure(spec, signal);
      assert.equal(await bench.subject.changes?.(), before, "a second ensure changed something");
      await shared.remove(bench.otherId, signal);
      assert.deepEqual(await shared.inspect(spec, signal), missing, "remove left something, or took too much");
      await shared.remove(bench.otherId, signal);
    },
  },
  {
    name: "brings the firewall in line when it changes, and says beforehand how",
    skip: async (bench) =>
      (await skip(bench)) ??
      (bench.subject.plugin.firewall === "provider" ? undefined : "it has no firewall around its machines"),
    run: async (bench, signal) => {
      const shared = await mustShare(bench);
      await shared.ensure(bench.spec(bench.otherId, ["a"], { firewall: bench.firewall(["80"]) }), signal);
      for (const ports of [["80", "443"], ["443"]]) {
        const spec = bench.spec(bench.otherId, ["a"], { firewall: bench.firewall(ports) });
        assert.match((await shared.inspect(spec, signal)).join(), ports.length > 1 ? /443/ : /80/);
        await shared.ensure(spec, signal);
        assert.deepEqual(await shared.inspect(spec, signal), []);
      }
      await shared.remove(bench.otherId, signal);
    },
  },
];

async function sharedOf(bench: Bench): Promise<SharedResources | undefined> {
  return (await bench.provider()).shared;
}

async function mustShare(bench: Bench): Promise<SharedResources> {
  const shared = await sharedOf(bench);
  assert.ok(shared);
  return shared;
}
