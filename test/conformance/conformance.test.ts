import { describe, expect, test } from "vitest";
import {
  type CaseResult,
  machineRequest,
  type ProviderSubject,
  providerConformance,
  providerContext,
} from "../../src/conformance/index.ts";
import type { Machine, Provider } from "../../src/providers/provider.ts";
import { testProvider } from "../contract/provider.ts";
import { emptyMemory, memoryProvider, type Spoil } from "../support/memory-provider.ts";

function subject(spoil?: Spoil, deadlineMs = 300): ProviderSubject {
  const memory = emptyMemory();
  const plugin = memoryProvider(memory, spoil);
  return {
    plugin,
    open: () => plugin.open(providerContext({ env: {} })),
    request: (clusterId, name) => machineRequest({ clusterId, name }),
    unknownSize: "huge",
    otherSize: "large",
    changes: () => memory.ledger.length,
    loseNextReply: () => {
      memory.losing = 1;
    },
    patience: { pollMs: 5, deadlineMs },
  };
}

testProvider(subject(undefined, 4000));

/** Each case with how it ended. */
async function outcomes(under: ProviderSubject): Promise<ReadonlyMap<string, CaseResult | Error>> {
  const suite = providerConformance(under);
  const ended = new Map<string, CaseResult | Error>();
  for (const { name, run } of suite.cases)
    ended.set(name, await run().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))));
  return ended;
}

/** A provider that has forgotten by the next call what it made. */
const forgetful: Spoil = (provider, memory) => ({
  create: async (requests, signal) => {
    const before = memory.machines;
    memory.machines = [];
    try {
      return await provider.create(requests, signal);
    } finally {
      memory.machines = [...before, ...memory.machines];
    }
  },
});

/** A provider that does something more with the machines that it lists. */
const listing = (change: (machines: readonly Machine[]) => readonly Machine[]) => (provider: Provider) => ({
  list: async (clusterId: string, signal: AbortSignal) => change(await provider.list(clusterId, signal)),
});

describe("the suite notices a provider that", () => {
  test.each<readonly [string, Spoil, string]>([
    ["knows no unknown size", () => ({ check: async () => [] }), "says before anything is made that it has not a size"],
    [
      "complains about what it can do",
      () => ({ check: async () => [{ message: "no", hint: "none" }] }),
      "finds nothing in the way of a good request",
    ],
    [
      "makes a second machine of a name",
      forgetful,
      "answers a second request for the same name with the same machine, and with the host key that it has",
    ],
    [
      "makes a second machine when a reply was lost",
      forgetful,
      "makes no second machine when the reply to the first request was lost",
    ],
    [
      "answers in another order",
      (provider) => ({
        create: async (requests, signal) => (await provider.create(requests, signal)).toReversed(),
      }),
      "makes what is asked for, and answers in the order of the requests",
    ],
    [
      "makes machines whatever its signal says",
      (provider) => ({ create: (requests) => provider.create(requests, new AbortController().signal) }),
      "makes nothing under a signal that has aborted",
    ],
    [
      "calls its machines running before they have an address",
      listing((machines) => machines.map((machine) => ({ ...machine, privateAddress: undefined }))),
      "lists them, running and with an address each",
    ],
    [
      "shows the machines of all clusters",
      (provider, memory) => ({
        list: async (clusterId, signal) => {
          const ids = new Set(memory.machines.map((machine) => machine.clusterId));
          const all = ids.has(clusterId) ? [...ids] : [];
          return (await Promise.all(all.map((id) => provider.list(id, signal)))).flat();
        },
      }),
      "makes a machine of its own for the same name in another cluster, and keeps the lists apart",
    ],
    [
      "takes a machine by its name when it removes one",
      (provider) => ({
        remove: async (machines, signal) => {
          const [first] = machines;
          const there = first ? await provider.list(first.clusterId, signal) : [];
          const named = there.filter(({ name }) => machines.some((machine) => machine.name === name));
          await provider.remove(named, signal);
          return machines.map((machine) => ({ kind: "removed", machine }));
        },
      }),
      "never takes a new machine for the old one of the same name",
    ],
    [
      "says that it removed what it left",
      () => ({ remove: async (machines) => machines.map((machine) => ({ kind: "removed", machine })) }),
      "has nothing left when all is removed",
    ],
    [
      "makes what machines share again each time",
      ({ shared }) => ({
        shared: {
          inspect: async () => ["make the network"],
          ensure: async () => {},
          remove: async (clusterId, signal) => shared?.remove(clusterId, signal),
        },
      }),
      "makes what machines share, says beforehand what that is, and leaves alone what is there",
    ],
    [
      "takes a second stop badly",
      ({ power }) => ({
        power: {
          start: async (machine, signal) => power?.start(machine, signal),
          restart: async (machine, signal) => power?.restart(machine, signal),
          stop: async (machine, signal) => {
            await power?.stop(machine, signal);
            throw new Error("is off already");
          },
        },
      }),
      "powers a machine off and on, and takes it calmly when it is so already",
    ],
    [
      "has a price for everything",
      () => ({ prices: { currency: "EUR", hourly: async (machines) => machines.map(() => 1) } }),
      "tells prices in the order asked, and none for what it has not",
    ],
    [
      "resizes nothing",
      () => ({ resize: { restarts: false, resize: async () => {} } }),
      "gives a machine another size, and takes it calmly when it has it already",
    ],
  ])("%s", async (_what, spoil, name) => {
    const suite = providerConformance(subject(spoil));
    await expect(suite.cases.find((one) => one.name === name)?.run()).rejects.toThrow();
  });

  test("never answers, within the time for one case", async () => {
    const suite = providerConformance(subject(() => ({ check: () => new Promise(() => {}) }), 50));
    const asked = suite.cases.find(({ name }) => name === "finds nothing in the way of a good request");
    await expect(asked?.run()).rejects.toThrow("not done within 50 ms");
  });
});

test("skips what a provider cannot do, and says why", async () => {
  const memory = emptyMemory();
  const {
    power: _,
    resize: __,
    prices: ___,
    shared: ____,
    clusters: _____,
    ...able
  } = await memoryProvider(memory).open(providerContext({ env: {} }));
  const { unknownSize: ______, otherSize: _______, loseNextReply: ________, ...under } = subject(undefined, 4000);
  const ended = await outcomes({ ...under, open: async () => able });
  const skipped = [...ended].flatMap(([name, end]) =>
    "kind" in end && end.kind === "skipped" ? [[name, end.reason]] : [],
  );
  expect(Object.fromEntries(skipped)).toMatchObject({
    "powers a machine off and on, and takes it calmly when it is so already": "it cannot power machines off",
    "refuses one request by its name and makes the others": "it knows no sizes to refuse",
  });
  expect([...ended.values()].filter((end) => end instanceof Error)).toEqual([]);
});

test("leaves nothing behind when it is disposed, wherever it stopped", async () => {
  const memory = emptyMemory();
  const plugin = memoryProvider(memory);
  const suite = providerConformance({ ...subject(), plugin, open: () => plugin.open(providerContext({ env: {} })) });
  await suite.cases.find(({ name }) => name.startsWith("makes a machine of its own"))?.run();
  expect(memory.machines).toHaveLength(2);
  await suite[Symbol.asyncDispose]();
  expect([...memory.machines, ...memory.shared]).toEqual([]);
});
