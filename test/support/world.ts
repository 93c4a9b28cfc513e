import type { ClusterSpec, MachineSpec } from "../../src/cluster/spec/types.ts";
import type { Machine, MachineState } from "../../src/providers/provider.ts";
import type { SwarmNode, SwarmTask } from "../../src/swarm/engine.ts";

/** A machine of the group `workers`, as a provider would list it. */
export function aMachine(
  name: string,
  state: MachineState = { kind: "running" },
  change: Partial<Machine> = {},
): Machine {
  return {
    id: `m-${name}`,
    name,
    group: "workers",
    clusterId: "c1",
    clusterName: "shop",
    provider: "local",
    state,
    publicAddress: "192.0.2.1",
    privateAddress: "192.0.2.1",
    user: "root",
    port: 22,
    size: "",
    region: "local",
    image: "debian-13-docker",
    hostKey: undefined,
    createdAt: "2026-01-01T00:00:00.000Z",
    specHash: "",
    ...change,
  };
}

/** A ready worker, as a manager would list it. */
export function aNode(name: string, change: Partial<SwarmNode> = {}): SwarmNode {
  return {
    id: `n-${name}`,
    version: 1,
    hostname: name,
    role: "worker",
    availability: "active",
    labels: {},
    status: "ready",
    message: "",
    address: "192.0.2.1",
    engineVersion: "26.1.5",
    manager: undefined,
    ...change,
  };
}

/** A manager that is reachable. */
export function aManagerNode(name: string, change: Partial<SwarmNode> = {}): SwarmNode {
  return aNode(name, {
    role: "manager",
    manager: { leader: false, reachability: "reachable", address: "192.0.2.1:2377" },
    ...change,
  });
}

/** A task of a service that runs, on the node `n1`. */
export function aTask(serviceId: string, change: Partial<SwarmTask> = {}): SwarmTask {
  return {
    nodeId: "n1",
    serviceId,
    state: "running",
    isEnding: false,
    localVolumes: [],
    error: "",
    stopGraceMs: undefined,
    ...change,
  };
}

/** A worker as the cluster file wants it. */
export function aMachineSpec(name: string, change: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name,
    group: "workers",
    role: "worker",
    provider: "local",
    size: undefined,
    image: undefined,
    availability: "active",
    labels: {},
    ...change,
  };
}

/** A cluster file with these machines. */
export function aSpec(machines: readonly MachineSpec[], change: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    name: "shop",
    provider: "local",
    providerOptions: { local: {} },
    ssh: { user: undefined, authorizedKeys: [] },
    engine: { version: undefined, install: "auto", api: "members", daemon: {}, mirrors: [] },
    swarm: { advertise: "private", addressPools: [], autolock: false, certExpiryHours: 2160 },
    limits: { maxMachines: 200, maxFailures: 3 },
    drain: { localVolumes: "keep" },
    protect: false,
    groups: [...new Set(machines.map(({ group }) => group))],
    machines,
    ...change,
  };
}
