import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { azure } from "../../../src/providers/azure/index.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { testProvider } from "../../contract/provider.ts";
import { openAzureOn, trust } from "../../support/azure.ts";
import { aCloudRequest, signal, specOf } from "../../support/cloud-requests.ts";
import { type FakeAzure, startAzure } from "../../support/clouds/azure/fake-azure.ts";

/** The suite waits in real time: here a minute of the cloud takes three seconds. */
const speed = 20;
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now() * speed,
  sleep: (ms, stop) => delay(ms / speed, undefined, { signal: stop }),
};

let fake: FakeAzure;
beforeAll(async () => {
  const timings = { allocatedMs: 500, createdMs: 2000, addressMs: 3000, actionMs: 2000, deletedMs: 2000, indexMs: 0 };
  fake = await startAzure({ clock, timings });
  trust(fake);
});
afterAll(async () => {
  await fake[Symbol.asyncDispose]();
});

testProvider({
  plugin: { ...azure, pace: { ...azure.pace, pollMs: 100 } },
  open: async () => {
    const provider = await openAzureOn(fake, clock);
    const request = aCloudRequest("a", { clusterId: `contract-${process.pid}`, clusterName: "contract" });
    await provider.shared?.ensure(specOf([request]), signal);
    return provider;
  },
  request: (clusterId, name) => aCloudRequest(name, { clusterId, clusterName: "contract", size: "Standard_B2s" }),
  unknownSize: "Standard_Z0s",
});
