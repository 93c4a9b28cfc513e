import { generateKeyPair } from "../../src/ssh/keys.ts";
import { systemClock } from "../../src/util/clock.ts";
import { FakeProvider } from "../support/fake-provider.ts";
import { testProvider } from "./provider.ts";

const fake = new FakeProvider(systemClock, { callMs: 1 });

testProvider({
  plugin: fake.plugin,
  open: async () => fake.open(),
  request: (clusterId, name) => ({
    ...{ name, clusterId, clusterName: "contract", group: "workers", size: "small" },
    ...{ authorizedKeys: [], hostKey: generateKeyPair(name), specHash: `hash of ${name}`, options: {} },
  }),
  unknownSize: "huge",
  loseNextReply: () => {
    const next = fake.creates.length + 1;
    fake.faults = { loseReply: (call) => (call === next ? new Error("the connection was cut") : undefined) };
  },
});
