import { describe, expect, it } from "vitest";
import { mapBounded } from "../../src/util/concurrency.ts";
import { type DigitalOceanRig, dropletRequest, openDigitalOceanRig } from "../support/clouds/digitalocean/rig.ts";

const signal = new AbortController().signal;

/** Makes droplets ten a call, waits until all have addresses and are active, and deletes them by tag: the fewest calls that it takes. */
async function makeAndRemove({ send, clock }: DigitalOceanRig, count: number, pollMs: number): Promise<number> {
  const calls = Array.from({ length: count / 10 }, (_, call) => call);
  await mapBounded(calls, 4, async (call) => {
    const names = Array.from({ length: 10 }, (_, index) => `node-${call * 10 + index + 1}`);
    const answer = await send("POST", "/v2/droplets", dropletRequest({ names, tags: ["all"] }));
    expect(answer.status).toBe(202);
  });
  let polls = 0;
  for (let waiting = count; waiting > 0; polls += 1) {
    await clock.sleep(pollMs, signal);
    waiting = count;
    for (let page = 1; page <= Math.ceil(count / 200); page += 1) {
      const { droplets } = (await send("GET", `/v2/droplets?tag_name=all&per_page=200&page=${page}`)).body;
      for (const { status, networks } of droplets) if (status === "active" && networks.v4.length === 2) waiting -= 1;
    }
  }
  expect((await send("DELETE", "/v2/droplets?tag_name=all")).status).toBe(204);
  return polls;
}

describe("many droplets in virtual time", () => {
  it.for([
    [100, 10, 1],
    [1000, 100, 5],
  ] as const)(
    "%i of them take %i calls to make and %i a poll, within every budget",
    { timeout: 60_000 },
    async ([count, creates, pages]) => {
      await using rig = await openDigitalOceanRig({ dropletLimit: count, timings: { activeMs: 55_000 } });
      const polls = await rig.clock.runUntil(makeAndRemove(rig, count, 5000));
      expect(polls).toBe(11);
      expect(rig.cloud.ledger.counts()).toEqual({
        "POST /v2/droplets": creates,
        "GET /v2/droplets": polls * pages,
        "DELETE /v2/droplets": 1,
      });
      expect(rig.cloud.ledger.throttled()).toEqual([]);
      expect(rig.clock.elapsed()).toBe(55_000);
      expect(rig.cloud.left().droplets).toEqual([]);
    },
  );

  it("run into the burst limit when they are asked after too often", async () => {
    await using rig = await openDigitalOceanRig({ dropletLimit: 40, timings: { activeMs: 55_000 } });
    await expect(rig.clock.runUntil(makeAndRemove(rig, 40, 200))).rejects.toThrow();
    expect(rig.cloud.ledger.throttled().length).toBeGreaterThan(0);
  });
});
