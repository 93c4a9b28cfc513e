import assert from "node:assert/strict";
import type { Machine } from "../../providers/provider.ts";
import { addressOf } from "../bench.ts";
import type { Case } from "../conformance-case.ts";

/** Machines come into being, once each. */
export const creationCases: readonly Case[] = [
  {
    name: "makes what is asked for, and answers in the order of the requests",
    run: async (bench, signal) => {
      await bench.removeAll(bench.clusterId, signal);
      const requests = [bench.request("b"), bench.request("a")];
      const outcomes = await bench.create(requests, signal);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ["accepted", "accepted"],
      );
      const machines = outcomes.flatMap((outcome) => (outcome.kind === "accepted" ? [outcome.machine] : []));
      const { plugin } = bench.subject;
      for (const [index, { name, group, clusterId, clusterName, size, specHash, options }] of requests.entries()) {
        const { image, region, defaultSize } = plugin.describe(options);
        const machine = machines[index];
        assert.partialDeepStrictEqual(
          machine,
          {
            name,
            group,
            clusterId,
            clusterName,
            specHash,
            provider: plugin.name,
            image,
            region,
            size: size ?? defaultSize,
          },
          `${name} is not what was asked for`,
        );
        assert.equal(new Date(machine?.createdAt ?? "").toISOString(), machine?.createdAt, "createdAt is not ISO 8601");
      }
      assert.equal(new Set(machines.map(({ id }) => id)).size, 2, "two machines have one id");
    },
  },
  {
    name: "lists them, running and with an address each",
    run: async (bench, signal) => {
      const machines = [await bench.running("a", signal), await bench.running("b", signal)];
      const listed = new Set((await bench.list(signal)).map(({ id }) => id));
      for (const { name, id } of machines) assert.ok(listed.has(id), `${name} is not listed`);
      assert.equal(new Set(machines.map(addressOf)).size, 2, "two machines have one address");
    },
  },
  {
    name: "answers a second request for the same name with the same machine, and with the host key that it has",
    run: async (bench, signal) => {
      const before = await bench.running("a", signal);
      const [outcome] = await bench.create([bench.request("a")], signal);
      assert.equal(outcome?.kind, "exists");
      assert.equal(outcome.machine.id, before.id);
      if (before.hostKey !== undefined) assert.equal(outcome.machine.hostKey, before.hostKey);
      assert.equal((await bench.must("a", signal)).id, before.id);
    },
  },
  {
    name: "refuses one request by its name and makes the others",
    skip: async ({ subject }) => (subject.unknownSize === undefined ? "it knows no sizes to refuse" : undefined),
    run: async (bench, signal) => {
      const bad = { ...bench.request("c"), size: bench.subject.unknownSize };
      const [refused, made] = await bench.create([bad, bench.request("d")], signal);
      assert.equal(refused?.kind, "refused");
      assert.equal(refused.name, "c");
      assert.ok(refused.error instanceof Error, "a refusal comes with an Error");
      assert.notEqual(made?.kind, "refused");
      assert.equal(await bench.find("c", signal), undefined);
    },
  },
  {
    name: "shows another opening of it the same machines",
    run: async (bench, signal) => {
      await bench.running("a", signal);
      await using other = await bench.subject.open(bench.clusterId);
      const ids = (machines: readonly Machine[]): readonly string[] => machines.map(({ id }) => id).sort();
      assert.deepEqual(ids(await other.list(bench.clusterId, signal)), ids(await bench.list(signal)));
    },
  },
];
