import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { digitalocean } from "../../../src/providers/digitalocean/index.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { testProvider } from "../../contract/provider.ts";
import { aCloudRequest } from "../../support/cloud-requests.ts";
import { type FakeDigitalOcean, startDigitalOcean } from "../../support/clouds/digitalocean/fake-digitalocean.ts";
import { openOn } from "../../support/digitalocean.ts";

/** The suite waits in real time: here a minute of the cloud takes three seconds. */
const speed = 20;
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now() * speed,
  sleep: (ms, signal) => delay(ms / speed, undefined, { signal }),
};

let fake: FakeDigitalOcean;
beforeAll(async () => {
  const timings = { activeMs: 2000, addressMs: 3000, actionMs: 2000, unlistedMs: 2000 };
  fake = await startDigitalOcean({ clock, timings });
});
afterAll(async () => {
  await fake[Symbol.asyncDispose]();
});

/** Each cluster has a key of its own. */
const keys = new Map<string, string>();
function keyOf(clusterId: string): string {
  const key = keys.get(clusterId) ?? generateKeyPair(clusterId).publicKey;
  keys.set(clusterId, key);
  return key;
}

testProvider({
  plugin: { ...digitalocean, pace: { ...digitalocean.pace, pollMs: 50 } },
  open: () => openOn(fake, clock),
  request: (clusterId, name) =>
    aCloudRequest(name, {
      ...{ clusterId, clusterName: "contract", size: "s-1vcpu-1gb" },
      authorizedKeys: [keyOf(clusterId)],
    }),
  unknownSize: "s-0vcpu-0gb",
  otherSize: "s-2vcpu-2gb",
  changes: () => fake.ledger.calls().filter(({ call }) => call.method !== "GET").length,
  loseNextReply: () => fake.faults.add({ on: "POST /v2/droplets", effect: { kind: "lose-reply" } }),
});
