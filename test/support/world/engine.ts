import type { LocalSwarm, SwarmNode } from "../../../src/swarm/engine.ts";
import { Mutex } from "../../../src/util/concurrency.ts";
import { isBeltError } from "../../../src/util/errors.ts";
import { Secret } from "../../../src/util/secret.ts";
import { type DaemonReply, type DaemonRequest, FakeDaemon } from "../fake-daemon.ts";
import { FakeEngine, FakeSwarm } from "../fake-swarm.ts";
import { changeWorld, countLook, readWorld, type World } from "./state.ts";

/** The Engine API of one machine of a world, over HTTP: what it changes is in the world and in its ledger before it answers. */
export function worldEngine(folder: string, name: string): FakeDaemon {
  const daemon = new FakeDaemon();
  daemon.handler = async (request) => {
    try {
      const call = { ...request, path: request.path.replace(/^\/v[\d.]+/, "") };
      return await oneAtATime.run(() => answer(folder, name, call));
    } catch (error) {
      const message = isBeltError(error)
        ? error.message.replace(/^.*?: the engine refused [^:]*: /, "")
        : String(error);
      return { status: 503, body: { message } };
    }
  };
  return daemon;
}

/** All engines of the process share one world on the disk. */
const oneAtATime = new Mutex();

async function answer(folder: string, name: string, request: DaemonRequest): Promise<DaemonReply> {
  const { engine, swarms } = restore(readWorld(folder), name);
  const { method, path } = request;
  if (method === "GET") {
    countLook(folder, `${method} ${path}`);
    return { body: await look(engine, request, readWorld(folder).tasks) };
  }
  const done = await change(engine, request);
  if (done.node) settle(folder, done.node);
  keep(folder, { engine, swarms, name }, done.entry);
  return { body: done.body };
}

async function look(engine: FakeEngine, { path, query }: DaemonRequest, tasks: World["tasks"]): Promise<unknown> {
  switch (path) {
    case "/version":
      return { Version: "26.1.5", ApiVersion: "1.45", Os: "linux", Arch: "amd64" };
    case "/info":
      return { ID: engine.name, Name: engine.name, ServerVersion: "26.1.5", Swarm: localBody(engine.local) };
    case "/nodes":
      return (await engine.nodes()).map(nodeBody);
    case path.match(/^\/nodes\/[^/]+$/)?.[0]: {
      const node = await engine.node(path.slice("/nodes/".length));
      if (!node) throw engine.refuses(`GET ${path}`, "node not found", 404);
      return nodeBody(node);
    }
    case "/swarm": {
      const { id, version, labels, workerToken, managerToken } = await engine.swarmInspect();
      const JoinTokens = { Worker: workerToken.reveal(), Manager: managerToken.reveal() };
      return { ID: id, Version: { Index: version }, Spec: { Labels: labels }, JoinTokens };
    }
    case "/tasks":
      return tasksFor(await engine.nodes(), query.get("filters") ?? "{}", tasks);
    case "/services":
      return tasks.map(({ service }) => ({ ID: `id-${service}`, Spec: { Name: service } }));
    default:
      throw new Error(`this world has no ${path}`);
  }
}

/** The tasks of one node if the filter names one, else of all. */
function tasksFor(nodes: readonly SwarmNode[], filters: string, tasks: World["tasks"]): unknown {
  const [only]: readonly string[] = JSON.parse(filters).node ?? [];
  const ids = new Map(nodes.map(({ id, hostname }) => [hostname, id]));
  return tasks
    .map(({ on, service, volumes = [] }) => ({
      ServiceID: `id-${service}`,
      NodeID: ids.get(on) ?? "",
      Status: { State: "running" },
      DesiredState: "running",
      Spec: { ContainerSpec: { Mounts: volumes.map((Source) => ({ Type: "volume", Source })) } },
    }))
    .filter(({ NodeID }) => only === undefined || NodeID === only);
}

interface Done {
  readonly entry: string;
  /** The node that was changed, as it is to be from now on. */
  readonly node?: SwarmNode;
  readonly body?: unknown;
}

async function change(engine: FakeEngine, { method, path, query, body }: DaemonRequest): Promise<Done> {
  const text = (key: string): string => String(Reflect.get(Object(body), key) ?? "");
  const nodeId = /^\/nodes\/([^/]+)/.exec(path)?.[1] ?? "";
  const addresses = {
    advertiseAddress: text("AdvertiseAddr"),
    dataPathAddress: text("DataPathAddr"),
    listenAddress: text("ListenAddr"),
  };
  if (path === "/swarm/init") {
    const labels = Reflect.get(Object(Reflect.get(Object(body), "Spec")), "Labels");
    const request = { ...addresses, addressPools: [], autolock: false, certExpiryHours: 1, labels };
    return { entry: `init ${engine.name}`, body: JSON.stringify(await engine.swarmInit(request)) };
  }
  if (path === "/swarm/join") {
    const managers: readonly string[] = Reflect.get(Object(body), "RemoteAddrs");
    await engine.swarmJoin({ ...addresses, managers, token: new Secret(text("JoinToken")) });
    return { entry: `join ${engine.name}` };
  }
  if (path === "/swarm/leave") {
    await engine.swarmLeave(query.get("force") === "true");
    return { entry: `out ${engine.name}` };
  }
  const node = (await engine.nodes()).find(({ id }) => id === nodeId);
  if (!node) throw engine.refuses(`${method} ${path}`, `node ${nodeId} not found`, 404);
  if (method === "DELETE") {
    await engine.removeNode(nodeId);
    return { entry: `leave ${node.hostname}` };
  }
  const labels: SwarmNode["labels"] = Reflect.get(Object(body), "Labels") ?? {};
  const availability = text("Availability") === "drain" ? "drain" : "active";
  const role = text("Role") === "manager" ? "manager" : "worker";
  const manager = { leader: false, reachability: "reachable", address: `${node.address}:2377` } as const;
  const becomes = {
    ...({ labels, availability, role } as const),
    manager: role === "manager" ? (node.manager ?? manager) : undefined,
  };
  await engine.updateNode({ ...node, version: Number(query.get("version")) }, becomes);
  return { entry: `${wordFor(node, becomes)} ${node.hostname}`, node: { ...node, ...becomes } };
}

function wordFor(before: SwarmNode, after: Pick<SwarmNode, "role" | "availability">): string {
  if (before.role !== after.role) return after.role === "manager" ? "promote" : "demote";
  if (before.availability !== after.availability) return after.availability === "drain" ? "drain" : "activate";
  return "update";
}

/** What a change of a node does elsewhere: its engine knows its role, and who is drained loses its tasks. */
function settle(folder: string, { hostname, role, availability }: SwarmNode): void {
  changeWorld(folder, ({ machines, swarms, tasks }) => {
    const own = machines[hostname];
    const [swarmId] = Object.keys(swarms);
    const local = own?.local && {
      ...own.local,
      isManager: role === "manager",
      swarmId: role === "manager" ? swarmId : undefined,
    };
    return {
      machines: own && local ? { ...machines, [hostname]: { ...own, local } } : machines,
      tasks: availability === "drain" ? tasks.filter(({ on, stops }) => on !== hostname || stops === false) : tasks,
    };
  });
}

/** The engine of a machine with everything that its swarm knows, as the world keeps it. */
function restore(world: World, name: string): { engine: FakeEngine; swarms: ReadonlyMap<string, FakeSwarm> } {
  const network = new Map<string, FakeSwarm>();
  const swarms = new Map<string, FakeSwarm>();
  for (const [id, { labels, version, nodes }] of Object.entries(world.swarms)) {
    const swarm = new FakeSwarm(id);
    swarm.labels = labels;
    swarm.version = version;
    for (const node of nodes) {
      swarm.nodes.set(node.id, node);
      if (node.manager) network.set(node.manager.address, swarm);
    }
    swarms.set(id, swarm);
  }
  const engine = new FakeEngine(name, network);
  const own = world.machines[name];
  if (own?.local) engine.local = own.local;
  engine.swarm = own?.swarmId === undefined ? undefined : swarms.get(own.swarmId);
  return { engine, swarms };
}

interface Kept {
  readonly engine: FakeEngine;
  readonly swarms: ReadonlyMap<string, FakeSwarm>;
  readonly name: string;
}

function keep(folder: string, { engine, swarms, name }: Kept, entry: string): void {
  const all = new Map(swarms);
  if (engine.swarm) all.set(engine.swarm.id, engine.swarm);
  changeWorld(folder, (world) => {
    const own = world.machines[name];
    const machines = own
      ? { ...world.machines, [name]: { ...own, local: engine.local, swarmId: engine.swarm?.id } }
      : world.machines;
    const kept = [...all].map(([id, { labels, version, nodes }]) => [
      id,
      { labels, version, nodes: [...nodes.values()] },
    ]);
    return { machines, swarms: Object.fromEntries(kept), ledger: [...world.ledger, entry] };
  });
}

function localBody({ state, nodeId, nodeAddress, isManager, swarmId, managers }: LocalSwarm): unknown {
  return {
    ...{ NodeID: nodeId, NodeAddr: nodeAddress, LocalNodeState: state, ControlAvailable: isManager },
    RemoteManagers: managers.map((Addr) => ({ Addr })),
    ...(swarmId === undefined ? {} : { Cluster: { ID: swarmId } }),
  };
}

function nodeBody(node: SwarmNode): unknown {
  const { manager } = node;
  return {
    ID: node.id,
    Version: { Index: node.version },
    Spec: { Labels: node.labels, Role: node.role, Availability: node.availability },
    Description: { Hostname: node.hostname, Engine: { EngineVersion: node.engineVersion } },
    Status: { State: node.status, Addr: node.address },
    ...(manager
      ? { ManagerStatus: { Leader: manager.leader, Reachability: manager.reachability, Addr: manager.address } }
      : {}),
  };
}
