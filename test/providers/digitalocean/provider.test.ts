import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { digitalocean } from "../../../src/providers/digitalocean/index.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { testProvider } from "../../contract/provider.ts";
import { type FakeDigitalOcean, startDigitalOcean } from "../../support/clouds/digitalocean/fake-digitalocean.ts";
import { aDropletRequest, openOn, signal, specOf } from "../../support/digitalocean.ts";

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

testProvider({
  plugin: { ...digitalocean, pace: { ...digitalocean.pace, pollMs: 50 } },
  open: async () => {
    const provider = await openOn(fake, clock);
    const request = aDropletRequest("a", { clusterId: `contract-${process.pid}`, clusterName: "contract" });
    await provider.shared?.ensure(specOf([request]), signal);
    return provider;
  },
  request: (clusterId, name) => aDropletRequest(name, { clusterId, clusterName: "contract", size: "s-1vcpu-1gb" }),
  unknownSize: "s-0vcpu-0gb",
});
