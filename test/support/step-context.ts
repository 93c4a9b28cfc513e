import type { EngineSpec } from "../../src/cluster/spec/types.ts";
import type { HostFacts } from "../../src/cluster/steps/facts.ts";
import type { StepContext } from "../../src/cluster/steps/step.ts";
import type { Authority } from "../../src/pki/authority.ts";
import type { Machine } from "../../src/providers/provider.ts";
import type { Connection } from "../../src/ssh/connection.ts";
import type { Engine, EngineInfo, EngineVersion } from "../../src/swarm/engine.ts";
import type { Clock } from "../../src/util/clock.ts";
import { Secret } from "../../src/util/secret.ts";

/** A Debian 13 on which nothing is installed and nothing is in the way. */
export const bareHost: HostFacts = {
  system: "debian",
  systemVersion: "13",
  codename: "trixie",
  architecture: "amd64",
  kernel: "6.12.0",
  cgroupVersion: 2,
  engineVersion: undefined,
  engineActive: false,
  swarmState: false,
  freeDiskMiB: 40_000,
  clockSkewSeconds: 0,
  missingModules: [],
  cloudInit: "done",
  aptHolder: undefined,
  addresses: [{ interface: "eth0", address: "10.0.0.5" }],
};

/** What a cluster file says that says nothing of the engine. */
export const anyEngine: EngineSpec = {
  version: undefined,
  install: "auto",
  api: "members",
  daemon: {},
  mirrors: [],
};

/** The machine that the steps of a test work on. */
export const machine: Machine = {
  id: "m-1",
  name: "node1",
  group: "workers",
  clusterId: "c-1",
  clusterName: "shop",
  provider: "local",
  state: { kind: "running" },
  publicAddress: "203.0.113.5",
  privateAddress: "10.0.0.5",
  user: "root",
  port: 22,
  size: "host",
  region: "local",
  image: "debian-13",
  hostKey: undefined,
  createdAt: "2026-01-01T00:00:00Z",
  specHash: "0",
};

/** An authority whose certificates are words: one is good if it begins with `good`. */
export const wordAuthority: Authority = {
  certificatePem: "the authority",
  issueServer: (names, addresses) => ({
    certificatePem: `good for ${[...names, ...addresses].join(" ")}`,
    keyPem: new Secret("the key"),
  }),
  issueClient: () => ({ certificatePem: "good client", keyPem: new Secret("the key") }),
  clientFault: () => undefined,
  accepts: (certificatePem, names, addresses) => certificatePem === `good for ${[...names, ...addresses].join(" ")}`,
};

/** Time that passes only by sleeping, and then at once. Milliseconds. */
export function hastyClock(): Clock & { readonly slept: readonly number[] } {
  const slept: number[] = [];
  const elapsed = () => slept.reduce((sum, ms) => sum + ms, 0);
  return {
    slept,
    elapsed,
    now: () => Date.UTC(2026, 0, 1) + elapsed(),
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      slept.push(ms);
    },
  };
}

/** An engine that answers, or throws, as its two answers say; every other call fails. */
export function engineThat(answers: {
  readonly version?: () => EngineVersion;
  readonly info?: () => EngineInfo;
}): Engine {
  const unexpected = (): Promise<never> => Promise.reject(new Error("not in the script: a call of the engine"));
  return {
    name: "node1",
    version: async () => (answers.version ?? notAsked)(),
    info: async () => (answers.info ?? notAsked)(),
    swarmInit: unexpected,
    swarmJoin: unexpected,
    swarmLeave: unexpected,
    node: unexpected,
    swarmInspect: unexpected,
    setSwarmLabels: unexpected,
    rotateTokens: unexpected,
    nodes: unexpected,
    updateNode: unexpected,
    removeNode: unexpected,
    tasks: unexpected,
    taskCounts: unexpected,
    pendingTasks: unexpected,
    services: unexpected,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A context over a connection, with the notes that were made. */
export function contextOver(
  connection: Connection,
  given: Partial<StepContext> = {},
): StepContext & { readonly notes: readonly string[] } {
  const notes: string[] = [];
  return {
    machine,
    connection,
    engine: engineThat({}),
    engineSpec: anyEngine,
    authority: wordAuthority,
    facts: bareHost,
    clock: hastyClock(),
    random: () => 0.5,
    beforeChange: async () => {},
    isNew: true,
    ...given,
    note: (message) => notes.push(message),
    notes,
  };
}

function notAsked(): never {
  throw new Error("not in the script: a call of the engine");
}
