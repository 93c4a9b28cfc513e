import assert from "node:assert/strict";
import type { Case } from "../conformance-case.ts";

/** Clusters do not see each other, whatever their machines are called. */
export const clusterCases: readonly Case[] = [
  {
    name: "makes a machine of its own for the same name in another cluster, and keeps the lists apart",
    run: async (bench, signal) => {
      const ours = await bench.running("a", signal);
      const theirs = await bench.running("a", signal, bench.otherId);
      assert.notEqual(theirs.id, ours.id, "two clusters have one machine");
      assert.equal(theirs.clusterId, bench.otherId);
      assert.deepEqual(
        (await bench.list(signal, bench.otherId)).map(({ id }) => id),
        [theirs.id],
      );
      assert.ok((await bench.list(signal)).every(({ clusterId }) => clusterId === bench.clusterId));
    },
  },
  {
    name: "finds the ids of the clusters of a name",
    skip: async (bench) =>
      (await bench.provider()).clusters === undefined ? "it cannot look clusters up by their name" : undefined,
    run: async (bench, signal) => {
      const { clusterName } = await bench.running("a", signal);
      const provider = await bench.provider();
      assert.ok((await provider.clusters?.(clusterName, signal))?.includes(bench.clusterId));
      assert.deepEqual(await provider.clusters?.(`${clusterName}-none`, signal), []);
    },
  },
  {
    name: "removes the machines of one cluster and leaves the other's alone",
    run: async (bench, signal) => {
      const ours = await bench.running("a", signal);
      await bench.running("a", signal, bench.otherId);
      await bench.removeAll(bench.otherId, signal);
      await (await bench.provider(bench.otherId)).shared?.remove(bench.otherId, signal);
      assert.equal((await bench.must("a", signal)).id, ours.id);
    },
  },
];
