import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { aws } from "../../../src/providers/aws/index.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { testProvider } from "../../contract/provider.ts";
import { openOn } from "../../support/aws.ts";
import { aCloudRequest, signal, specOf } from "../../support/cloud-requests.ts";
import { type FakeAws, startAws } from "../../support/clouds/aws/fake-aws.ts";

/** The suite waits in real time: here a minute of the cloud takes three seconds. */
const speed = 20;
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now() * speed,
  sleep: (ms, signal) => delay(ms / speed, undefined, { signal }),
};

let fake: FakeAws;
beforeAll(async () => {
  fake = await startAws({ clock, timings: { runningMs: 3000, powerMs: 3000, terminatedMs: 4000, seenMs: 0 } });
});
afterAll(async () => {
  await fake[Symbol.asyncDispose]();
});

const options = { region: "us-east-1" };

testProvider({
  plugin: { ...aws, pace: { ...aws.pace, pollMs: 50 } },
  open: async () => {
    const provider = await openOn(fake, clock);
    const request = aCloudRequest("a", { clusterId: `contract-${process.pid}`, clusterName: "contract", options });
    await provider.shared?.ensure(specOf([request]), signal);
    return provider;
  },
  request: (clusterId, name) => aCloudRequest(name, { clusterId, clusterName: "contract", size: "t3.small", options }),
  unknownSize: "t3.smal",
});
