import type {
  Engine,
  EngineInfo,
  EngineVersion,
  InitRequest,
  JoinRequest,
  LocalSwarm,
  SwarmNode,
  SwarmObject,
  SwarmService,
  SwarmTask,
} from "../../src/swarm/engine.ts";
import { refusal } from "../../src/swarm/refusal.ts";
import { Secret } from "../../src/util/secret.ts";

const outside: LocalSwarm = {
  state: "inactive",
  nodeId: "",
  nodeAddress: "",
  isManager: false,
  error: "",
  swarmId: undefined,
  managers: [],
};

/** What the managers of one swarm share: they all tell the same. */
export class FakeSwarm {
  readonly id: string;
  readonly nodes = new Map<string, SwarmNode>();
  labels: Readonly<Record<string, string>> = {};
  /** The tasks of every node. */
  tasks: readonly SwarmTask[] = [];
  tokens = { worker: "SWMTKN-1-worker", manager: "SWMTKN-1-manager" };
  version = 10;

  constructor(id: string) {
    this.id = id;
  }

  /** Changes a node as the swarm itself does at any time: its version moves on. */
  touch(id: string, change: Partial<SwarmNode>): void {
    const node = this.nodes.get(id);
    if (node) this.nodes.set(id, { ...node, ...change, version: node.version + 1 });
  }
}

type Method = Exclude<keyof Engine, "name" | typeof Symbol.asyncDispose>;

/** An engine without HTTP: it keeps the rules of the real one for what swarm membership is about, in the engine's own words. */
export class FakeEngine implements Engine {
  readonly name: string;
  local: LocalSwarm = outside;
  /** The swarm that this engine is in. */
  swarm: FakeSwarm | undefined;
  /** Swarms that a join at this address gets to. */
  readonly network: Map<string, FakeSwarm>;
  /** The id of the node that it becomes next. */
  nextId: string;
  /** The calls made here, in order. */
  readonly calls: Method[] = [];
  readonly joins: JoinRequest[] = [];
  /** What happens instead of the next calls of a method: thrown if it is an Error, run before the call if a function. */
  readonly next = new Map<Method, (Error | (() => void))[]>();

  constructor(name: string, network = new Map<string, FakeSwarm>()) {
    this.name = name;
    this.nextId = `${name}-id`;
    this.network = network;
  }

  /** The error that this engine would answer with. */
  refuses(call: string, message: string, status = 503): Error {
    return refusal({ machine: this.name, call, status, message });
  }

  /** Puts the engine into a swarm as a node that is Ready. */
  enter(swarm: FakeSwarm, role: SwarmNode["role"], address = `${this.name}:2377`): string {
    const id = this.nextId;
    this.swarm = swarm;
    swarm.nodes.set(id, readyNode(id, this.name, role, address));
    this.network.set(address, swarm);
    const managers = [...swarm.nodes.values()].flatMap((node) => (node.manager ? [node.manager.address] : []));
    const swarmId = role === "manager" ? swarm.id : undefined;
    this.local = { ...outside, state: "active", nodeId: id, isManager: role === "manager", swarmId, managers };
    return id;
  }

  async version(): Promise<EngineVersion> {
    this.#begin("version");
    return { version: "26.1.5", apiVersion: "1.45", os: "linux", architecture: "amd64" };
  }

  async info(): Promise<EngineInfo> {
    this.#begin("info");
    return { id: this.name, hostname: this.name, version: "26.1.5", swarm: this.local, containersRunning: 0 };
  }

  async swarmInit(request: InitRequest): Promise<string> {
    this.#begin("swarmInit");
    if (this.local.state !== "inactive")
      throw this.refuses("POST /swarm/init", "This node is already part of a swarm.");
    const swarm = new FakeSwarm(`swarm-of-${this.name}`);
    swarm.labels = request.labels;
    return this.enter(swarm, "manager", request.listenAddress);
  }

  async swarmJoin(request: JoinRequest): Promise<void> {
    this.joins.push(request);
    this.#begin("swarmJoin");
    if (this.local.state !== "inactive")
      throw this.refuses("POST /swarm/join", "This node is already part of a swarm.");
    const swarm = this.network.get(request.managers[0] ?? "");
    if (swarm === undefined) throw this.refuses("POST /swarm/join", "connect: connection refused");
    const token = request.token.reveal();
    const role = token === swarm.tokens.manager ? "manager" : token === swarm.tokens.worker ? "worker" : undefined;
    if (role === undefined)
      throw this.refuses("POST /swarm/join", "A valid join token is necessary to join this cluster", 400);
    this.enter(swarm, role, request.listenAddress);
  }

  async swarmLeave(force: boolean): Promise<void> {
    this.#begin("swarmLeave");
    if (this.local.state === "inactive") throw this.refuses("POST /swarm/leave", "This node is not part of a swarm");
    if (this.local.isManager && !force) throw this.refuses("POST /swarm/leave", "You are attempting to leave");
    this.local = outside;
    this.swarm = undefined;
  }

  async swarmInspect(): Promise<SwarmObject> {
    this.#begin("swarmInspect");
    const { id, version, labels, tokens } = this.#manager();
    return { id, version, labels, workerToken: new Secret(tokens.worker), managerToken: new Secret(tokens.manager) };
  }

  async setSwarmLabels(labels: SwarmObject["labels"], version: number): Promise<void> {
    this.#begin("setSwarmLabels");
    const swarm = this.#manager();
    if (swarm.version !== version)
      throw this.refuses("POST /swarm/update", "rpc error: code = Unknown desc = update out of sequence", 500);
    swarm.version += 1;
    swarm.labels = labels;
  }

  async rotateTokens(): Promise<void> {
    this.#begin("rotateTokens");
    const swarm = this.#manager();
    swarm.version += 1;
    swarm.tokens = { worker: `SWMTKN-1-worker${swarm.version}`, manager: `SWMTKN-1-manager${swarm.version}` };
  }

  async nodes(): Promise<readonly SwarmNode[]> {
    this.#begin("nodes");
    return [...this.#manager().nodes.values()];
  }

  async node(nodeId: string): Promise<SwarmNode | undefined> {
    this.#begin("node");
    return this.#manager().nodes.get(nodeId);
  }

  async updateNode(node: SwarmNode, change: Parameters<Engine["updateNode"]>[1]): Promise<void> {
    this.#begin("updateNode");
    const swarm = this.#manager();
    if (swarm.nodes.get(node.id)?.version !== node.version)
      throw this.refuses("POST /nodes/id/update", "rpc error: code = Unknown desc = update out of sequence", 500);
    swarm.touch(node.id, change);
  }

  async tasks(): Promise<readonly SwarmTask[]> {
    this.#begin("tasks");
    return this.#manager().tasks;
  }

  async taskCounts(): Promise<ReadonlyMap<string, number>> {
    this.#begin("taskCounts");
    const nodes = Map.groupBy(this.#manager().tasks, ({ nodeId }) => nodeId);
    return new Map([...nodes].map(([nodeId, some]) => [nodeId, some.length]));
  }

  async pendingTasks(): Promise<number> {
    this.#begin("pendingTasks");
    return this.#manager().tasks.filter(({ nodeId }) => nodeId === "").length;
  }

  async services(): Promise<readonly SwarmService[]> {
    this.#begin("services");
    const tasks = Map.groupBy(this.#manager().tasks, ({ serviceId }) => serviceId);
    return [...tasks].map(([id, own]) => ({
      ...{ id, name: `service ${id}`, isReplicated: true },
      ...{ running: own.length, desired: own.length, constraints: [], maxPerNode: 0 },
    }));
  }

  async removeNode(nodeId: string): Promise<void> {
    this.#begin("removeNode");
    this.#manager().nodes.delete(nodeId);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #manager(): FakeSwarm {
    if (this.swarm === undefined || !this.local.isManager)
      throw this.refuses("GET /swarm", "This node is not a swarm manager.");
    return this.swarm;
  }

  #begin(method: Method): void {
    this.calls.push(method);
    const event = this.next.get(method)?.shift();
    if (event instanceof Error) throw event;
    event?.();
  }
}

/** A node as a manager lists it once all is well. */
export function readyNode(id: string, hostname: string, role: SwarmNode["role"], address = "10.0.0.1:2377"): SwarmNode {
  const manager = { leader: true, reachability: "reachable", address } as const;
  return {
    id,
    version: 5,
    hostname,
    role,
    availability: "active",
    labels: {},
    status: "ready",
    message: "",
    address: address.replace(/:\d+$/, ""),
    engineVersion: "26.1.5",
    manager: role === "manager" ? manager : undefined,
  };
}
