import { describe, expect, test } from "vitest";
import { digitalocean } from "../../../src/providers/digitalocean/index.ts";
import type { Machine } from "../../../src/providers/provider.ts";
import { mapBounded } from "../../../src/util/concurrency.ts";
import { machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { type CloudRig, openCloudRig } from "../../support/digitalocean.ts";

/** Makes machines as the layer above does: batch by batch, with one list a poll for all of them. */
async function bringUp({ provider, network }: CloudRig, count: number): Promise<number> {
  const requests = someRequests(count);
  await provider.shared?.ensure(specOf(requests), signal);
  await provider.list("c1", signal);
  const { batch, parallel, pollMs } = digitalocean.pace;
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

function mostIn(times: readonly number[], windowMs: number): number {
  return Math.max(...times.map((end) => times.filter((at) => at > end - windowMs && at <= end).length));
}

describe("many droplets in virtual time", () => {
  test.each([100, 1000])(
    "%i: as few calls as the API allows, and no budget broken",
    async (count) => {
      await using rig = await openCloudRig();
      const polls = await rig.run(bringUp(rig, count));
      const counts = rig.fake.ledger.counts();
      expect(counts["POST /v2/droplets"]).toBe(Math.ceil(count / 10));
      // One look before, and one page for each 200 droplets that are there at a poll.
      expect(counts["GET /v2/droplets"]).toBeLessThanOrEqual(1 + polls * Math.ceil(count / 200));
      expect(rig.fake.ledger.throttled()).toEqual([]);
      const times = rig.fake.ledger.calls().map(({ call }) => call.atMs);
      expect(mostIn(times, 60_000)).toBeLessThanOrEqual(250);
      expect(mostIn(times, 3_600_000)).toBeLessThanOrEqual(5000);
      const machines = await rig.provider.list("c1", signal);
      expect(new Set(machines.map(({ name }) => name)).size).toBe(count);
      expect(rig.network.clock.elapsed()).toBeLessThan(5 * 60_000);
      rig.fake.ledger.clear();
      const outcomes = await rig.run(rig.provider.remove(machines, signal));
      expect(outcomes.every(({ kind }) => kind === "removed")).toBe(true);
      expect(rig.fake.ledger.counts()["DELETE /v2/droplets"]).toBe(1);
      await rig.run(rig.provider.shared?.remove("c1", signal) ?? Promise.resolve());
      expect(rig.fake.left()).toEqual({ droplets: [], keys: [], tags: [], firewalls: [], vpcs: [] });
    },
    120_000,
  );
});
