import { defineProvider } from "../../src/providers/define.ts";
import type { CreateOutcome, Machine, MachineRequest, Provider, ProviderPlugin } from "../../src/providers/provider.ts";
import { BeltError } from "../../src/util/errors.ts";

/** What a provider in memory knows between two openings of it. */
export interface Memory {
  machines: readonly Machine[];
  shared: readonly string[];
  /** Every change that took effect. */
  readonly ledger: string[];
  /** How many replies to creates are still to get lost. */
  losing: number;
}

/** Changes what a provider does. */
export type Spoil = (provider: Provider, memory: Memory) => Partial<Provider>;

const sizes = ["small", "large"];

/** A provider that conforms in everything, at once and in memory; `spoil` changes what it does, for tests of what notices that. */
export function memoryProvider(memory: Memory = emptyMemory(), spoil: Spoil = () => ({})): ProviderPlugin {
  return defineProvider({
    contract: 1,
    name: "memory",
    title: "Machines in memory",
    pace: { pollMs: 10, batch: 10, parallel: 2 },
    hostKeys: "each",
    firewall: "none",
    options: {
      type: "object",
      additionalProperties: false,
      properties: { region: { type: "string", default: "here" } },
    },
    describe: () => ({ image: "none", region: "here", defaultSize: "small" }),
    open: async () => {
      const provider = openMemory(memory);
      return { ...provider, ...spoil(provider, memory) };
    },
  });
}

/** Nothing yet. */
export function emptyMemory(): Memory {
  return { machines: [], shared: [], ledger: [], losing: 0 };
}

function openMemory(memory: Memory): Provider {
  return {
    name: "memory",
    check: async ({ requests }) =>
      requests.flatMap(({ size = "small" }) =>
        sizes.includes(size) ? [] : [{ message: `there is no size ${size}`, hint: "small or large" }],
      ),
    list: async (clusterId) => memory.machines.filter((machine) => machine.clusterId === clusterId),
    clusters: async (name) => {
      const named = memory.machines.filter(({ clusterName }) => clusterName === name);
      return [...new Set(named.map(({ clusterId }) => clusterId))];
    },
    create: async (requests, signal) => {
      signal.throwIfAborted();
      const outcomes = requests.map((request) => create(memory, request));
      if (memory.losing === 0) return outcomes;
      memory.losing -= 1;
      throw new BeltError("provider.unavailable", "the reply was lost", { retryable: true });
    },
    remove: async (machines) => {
      const ids = machines.map(({ id }) => id);
      memory.machines = memory.machines.filter(({ id }) => !ids.includes(id));
      return machines.map((machine) => ({ kind: "removed", machine }));
    },
    shared: {
      inspect: async ({ clusterId }) => (memory.shared.includes(clusterId) ? [] : ["make the network"]),
      ensure: async ({ clusterId }) => {
        if (memory.shared.includes(clusterId)) return;
        memory.shared = [...memory.shared, clusterId];
        memory.ledger.push("share");
      },
      remove: async (clusterId) => {
        memory.shared = memory.shared.filter((one) => one !== clusterId);
      },
    },
    power: {
      start: async (machine) => change(memory, machine, { state: { kind: "running" } }),
      stop: async (machine) => change(memory, machine, { state: { kind: "stopped" } }),
      restart: async (machine) => change(memory, machine, { state: { kind: "running" } }),
    },
    resize: { restarts: false, resize: async (machine, size) => change(memory, machine, { size }) },
    prices: {
      currency: "EUR",
      hourly: async (machines) => machines.map(({ size = "small" }) => (sizes.includes(size) ? 0.01 : undefined)),
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function create(memory: Memory, request: MachineRequest): CreateOutcome {
  const { name, group, clusterId, clusterName, specHash, size = "small", hostKey } = request;
  const there = memory.machines.find((machine) => machine.clusterId === clusterId && machine.name === name);
  if (there) return { kind: "exists", machine: there };
  if (!sizes.includes(size)) return { kind: "refused", name, error: new Error(`there is no size ${size}`) };
  const number = memory.ledger.push(`create ${name}`);
  const machine: Machine = {
    ...{ id: `m-${number}`, name, group, clusterId, clusterName, specHash, size, provider: "memory" },
    ...{
      state: { kind: "running" },
      publicAddress: undefined,
      privateAddress: `10.0.0.${number}`,
      user: "root",
      port: 22,
    },
    ...{ region: "here", image: "none", hostKey: hostKey.publicKey, createdAt: "2026-01-01T00:00:00.000Z" },
  };
  memory.machines = [...memory.machines, machine];
  return { kind: "accepted", machine };
}

function change(memory: Memory, { id }: Machine, part: Partial<Machine>): void {
  memory.machines = memory.machines.map((machine) => (machine.id === id ? { ...machine, ...part } : machine));
}
