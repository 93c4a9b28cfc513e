import { describe, expect, test } from "vitest";
import { aws } from "../../../src/providers/aws/index.ts";
import type { Machine } from "../../../src/providers/provider.ts";
import { mapBounded } from "../../../src/util/concurrency.ts";
import { type AwsRig, openAwsRig } from "../../support/aws.ts";
import { machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";

/** Makes machines as the layer above does: batch by batch, with one list a poll for all of them. */
async function bringUp({ provider, network }: AwsRig, count: number): Promise<number> {
  const requests = someRequests(count);
  await provider.shared?.ensure(specOf(requests), signal);
  await provider.list("c1", signal);
  const { batch, parallel, pollMs } = aws.pace;
  const batches = Array.from({ length: Math.ceil(count / batch) }, (_, i) =>
    requests.slice(i * batch, (i + 1) * batch),
  );
  const making = mapBounded(batches, parallel, async (some) => machinesIn(await provider.create(some, signal)));
  let polls = 0;
  for (let running: readonly Machine[] = []; running.length < count; ) {
    await network.clock.sleep(pollMs, signal);
    polls += 1;
    running = (await provider.list("c1", signal)).filter(({ state }) => state.kind === "running");
  }
  for (const result of await making) if (result.status === "rejected") throw result.reason;
  return polls;
}

describe("many instances in virtual time", () => {
  test.each([100, 1000])(
    "%i: as few calls as the API allows, and no budget broken",
    async (count) => {
      await using rig = await openAwsRig();
      const polls = await rig.run(bringUp(rig, count));
      const counts = rig.fake.ledger.counts();
      expect(counts["RunInstances"]).toBe(Math.ceil(count / aws.pace.batch));
      expect(counts["DescribeInstances"]).toBeLessThanOrEqual(1 + polls * Math.ceil(count / 1000));
      expect(rig.network.clock.elapsed()).toBeLessThan(60_000);
      await rig.run(Promise.resolve(rig.provider[Symbol.asyncDispose]()));
      expect(rig.fake.ledger.throttled()).toEqual([]);
      const machines = await rig.provider.list("c1", signal);
      expect(new Set(machines.map(({ name }) => name)).size).toBe(count);
      const nameTags = [...rig.fake.account.instances.values()].map(({ tags }) => tags.get("Name"));
      expect(new Set(nameTags).size).toBe(count);
      rig.fake.ledger.clear();
      const outcomes = await rig.run(rig.provider.remove(machines, signal));
      expect(outcomes.every(({ kind }) => kind === "removed")).toBe(true);
      expect(rig.fake.ledger.counts()["TerminateInstances"]).toBe(1);
      await rig.run(rig.provider.shared?.remove("c1", signal) ?? Promise.resolve());
      const nothing = { instances: [], keys: [], groups: [], vpcs: [], subnets: [], gateways: [] };
      expect(rig.fake.left()).toEqual(nothing);
      expect(rig.fake.ledger.throttled()).toEqual([]);
    },
    120_000,
  );
});
