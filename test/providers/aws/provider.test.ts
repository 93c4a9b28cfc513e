import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { aws } from "../../../src/providers/aws/index.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { testProvider } from "../../contract/provider.ts";
import { openOn } from "../../support/aws.ts";
import { aCloudRequest } from "../../support/cloud-requests.ts";
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

/** Each cluster has a key of its own. */
const keys = new Map<string, string>();
function keyOf(clusterId: string): string {
  const key = keys.get(clusterId) ?? generateKeyPair(clusterId).publicKey;
  keys.set(clusterId, key);
  return key;
}

testProvider({
  plugin: { ...aws, pace: { ...aws.pace, pollMs: 50 } },
  open: () => openOn(fake, clock),
  request: (clusterId, name) =>
    aCloudRequest(name, {
      ...{ clusterId, clusterName: "contract", size: "t3.small", options: { region: "us-east-1" } },
      authorizedKeys: [keyOf(clusterId)],
    }),
  unknownSize: "t3.smal",
  otherSize: "t3.medium",
  changes: () => fake.ledger.calls().filter(({ call }) => !call.operation.startsWith("Describe")).length,
  loseNextReply: () => fake.faults.add({ on: "RunInstances", effect: { kind: "lose-reply" } }),
});
