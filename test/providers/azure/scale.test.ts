import { describe, expect, test } from "vitest";
import { azure } from "../../../src/providers/azure/index.ts";
import type { Machine } from "../../../src/providers/provider.ts";
import { mapBounded } from "../../../src/util/concurrency.ts";
import { type AzureRig, openAzureRig } from "../../support/azure.ts";
import { machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";

const orders = "PUT /resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}";
const lists = "GET /resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines";

/** Makes machines as the layer above does: batch by batch, with one list a poll for all of them. */
async function bringUp({ provider, network }: AzureRig, count: number): Promise<number> {
  const requests = someRequests(count);
  await provider.shared?.ensure(specOf(requests), signal);
  const { batch, parallel, pollMs } = azure.pace;
  const batches = Array.from({ length: Math.ceil(count / batch) }, (_, i) =>
    requests.slice(i * batch, (i + 1) * batch),
  );
  const making = mapBounded(batches, parallel, async (some) => machinesIn(await provider.create(some, signal)));
  let polls = 0;
  for (let running: readonly Machine[] = []; running.length < count && polls < 200; ) {
    await network.clock.sleep(pollMs, signal);
    polls += 1;
    running = (await provider.list("c1", signal)).filter(({ state }) => state.kind === "running");
  }
  for (const result of await making) if (result.status === "rejected") throw result.reason;
  return polls;
}

describe("many machines in virtual time", () => {
  test.each([100, 1000])(
    "%i: one PUT each, one list a poll, and no bucket emptied",
    async (count) => {
      await using rig = await openAzureRig({ cores: 100_000 });
      const polls = await rig.run(bringUp(rig, count));
      const counts = rig.fake.ledger.counts();
      expect(counts[orders]).toBe(count);
      expect(counts[lists]).toBeLessThanOrEqual(polls * Math.ceil(count / 100));
      expect(counts["GET /resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"]).toBeUndefined();
      expect(rig.fake.ledger.throttled()).toEqual([]);
      const machines = await rig.run(rig.provider.list("c1", signal));
      expect(new Set(machines.map(({ name }) => name)).size).toBe(count);
      // A bucket of 200 that refills with 10 a second sets the pace of a thousand.
      expect(rig.network.clock.elapsed()).toBeLessThan(90_000 + (count / 9) * 1000);
      rig.fake.ledger.clear();
      const outcomes = await rig.run(rig.provider.remove(machines, signal));
      expect(outcomes.every(({ kind }) => kind === "removed")).toBe(true);
      await rig.run(rig.provider.shared?.remove("c1", signal) ?? Promise.resolve());
      expect(rig.fake.ledger.throttled()).toEqual([]);
      expect(rig.fake.left()).toEqual({ groups: [], machines: [], parts: [] });
    },
    240_000,
  );
});
