import assert from "node:assert/strict";
import { planned } from "../bench.ts";
import type { Case } from "../conformance-case.ts";

/** What holds before anything is made. */
export const foundationCases: readonly Case[] = [
  {
    name: "has the plugin's name",
    run: async (bench) => assert.equal((await bench.provider()).name, bench.subject.plugin.name),
  },
  {
    name: "describes what a request asks for in words, and always the same",
    run: async (bench) => {
      const { plugin } = bench.subject;
      const { options } = bench.request("a");
      const described = plugin.describe(options);
      for (const word of [described.image, described.region, described.defaultSize])
        assert.equal(typeof word, "string");
      assert.deepEqual(plugin.describe(options), described);
    },
  },
  {
    name: "finds nothing in the way of a good request",
    run: async (bench, signal) => {
      const problems = await (await bench.provider()).check(bench.spec(bench.clusterId, ["a", "b"]), signal);
      assert.deepEqual(problems, []);
    },
  },
  {
    name: "says before anything is made that it has not a size",
    skip: async ({ subject }) => (subject.unknownSize === undefined ? "it knows no sizes" : undefined),
    run: async (bench, signal) => {
      const size = bench.subject.unknownSize ?? "";
      const requests = [{ ...planned(bench.request("a")), size }];
      const problems = await (await bench.provider()).check(bench.spec(bench.clusterId, ["a"], { requests }), signal);
      assert.ok(
        problems.some(({ message }) => message.includes(size)),
        `no problem names the size ${size}`,
      );
      for (const { message, hint } of problems) assert.notEqual(hint, "", `"${message}" comes without a hint`);
    },
  },
  {
    name: "lists nothing for a cluster that it never heard of",
    run: async (bench, signal) => assert.deepEqual(await bench.list(signal, `${bench.clusterId}-other`), []),
  },
];
