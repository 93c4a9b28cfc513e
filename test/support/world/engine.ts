import type { LocalSwarm, SwarmNode } from "../../../src/swarm/engine.ts";
import { Mutex } from "../../../src/util/concurrency.ts";
import { isBeltError } from "../../../src/util/errors.ts";
import { Secret } from "../../../src/util/secret.ts";
import { type DaemonReply, type DaemonRequest, FakeDaemon } from "../fake-daemon.ts";
import { FakeEngine, FakeSwarm } from "../fake-swarm.ts";
import { isLed } from "./lateness.ts";
import { type Around, changeWorld, countLook, handled, readWorld, type World } from "./state.ts";

/** The Engine API of one machine of a world, over HTTP: what it changes is in the world and in its ledger before it answers. */
export function worldEngine(folder: string, name: string, around: Around): FakeDaemon {
  const daemon = new FakeDaemon();
  daemon.handler = async (request) => {
    try {
      const call = { ...request, path: request.path.replace(/^\/v[\d.]+/, "") };
      const title = `${call.method} ${call.path} on ${name}`;
      return await oneAtATime.run(() => handled(folder, around, title, () => answer(folder, name, call)));
    } catch (error) {
      if (error instanceof Refused) return { status: error.status, body: { message: error.message } };
      const message = isBeltError(error)
        ? error.message.replace(/^.*?: the engine refused [^:]*: /, "")
        : String(error);
      return { status: 503, body: { message } };
    }
  };
  return daemon;
}

/** What an engine refuses with a status of its own. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** All engines of the process share one world on the disk. */
const oneAtATime = new Mutex();

async function answer(folder: string, name: string, request: DaemonRequest): Promise<DaemonReply> {
  const world = readWorld(folder);
  const { engine, swarms } = restore(world, name);
  const { method, path } = request;
  if (/^\/(nodes|tasks|services|swarm$|swarm\/update)/.test(path) && engine.local.isManager) mustBeLed(world, engine);
  if (method === "GET") {
    countLook(folder, `${method} ${path}`);
    return { body: await look(engine, request, world.tasks) };
  }
  const done = await change(engine, request);
  keep(folder, { engine, swarms, name }, done);
  return { body: done.body };
}

function mustBeLed(world: World, { swarm }: FakeEngine): void {
  if (swarm && isLed(world, swarm.id)) return;
  const more = "It's possible that too few managers are online. Make sure more than half of the managers are online.";
  throw new Refused(503, `rpc error: code = Unknown desc = The swarm does not have a leader. ${more}`);
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
      if (!node) throw new Refused(404, "node not found");
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
      return servicesFor(tasks);
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

/** One service for each that has tasks, with as many replicas. */
function servicesFor(tasks: World["tasks"]): unknown {
  return [...Map.groupBy(tasks, ({ service }) => service)].map(([service, some]) => ({
    ID: `id-${service}`,
    Spec: {
      Name: service,
      Mode: { Replicated: { Replicas: some.length } },
      TaskTemplate: { Placement: { Constraints: some.flatMap(({ constraints = [] }) => constraints) } },
    },
  }));
}

interface Done {
  readonly entry: string;
  /** The node that was changed, as it is to be from now on. */
  readonly node?: SwarmNode;
  /** Whether it was asked to have another role. */
  readonly isNewRole?: boolean;
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
  if (!node) throw new Refused(404, `node ${nodeId} not found`);
  if (method === "DELETE") {
    mustBeRemovable(node, query.get("force") === "true");
    await engine.removeNode(nodeId);
    return { entry: `leave ${node.hostname}` };
  }
  const labels: SwarmNode["labels"] = Reflect.get(Object(body), "Labels") ?? {};
  const availability = text("Availability") === "drain" ? "drain" : "active";
  const role = text("Role") === "manager" ? "manager" : "worker";
  if (node.role === "manager" && role === "worker") mustBeDemotable(node, await engine.nodes());
  const becomes = { labels, availability, role } as const;
  await engine.updateNode({ ...node, version: Number(query.get("version")) }, becomes);
  const entry = `${wordFor(node, becomes)} ${node.hostname}`;
  return { entry, node: { ...node, ...becomes }, isNewRole: role !== node.role };
}

/** Source: swarmkit, manager/controlapi/node.go. */
function mustBeRemovable({ id, manager, status }: SwarmNode, force: boolean): void {
  if (manager) {
    const why = "is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal";
    throw new Refused(400, `rpc error: code = FailedPrecondition desc = node ${id} ${why}`);
  }
  if (status !== "down" && !force)
    throw new Refused(400, `rpc error: code = FailedPrecondition desc = node ${id} is not down and can't be removed`);
}

/** Source: swarmkit, manager/controlapi/node.go. */
function mustBeDemotable({ id, manager }: SwarmNode, nodes: readonly SwarmNode[]): void {
  const refuse = (why: string) => new Refused(400, `rpc error: code = FailedPrecondition desc = ${why}`);
  if (!manager) throw refuse("can't find manager in raft memberlist");
  const others = nodes.filter((node) => node.manager && node.id !== id);
  if (others.length === 0) throw refuse("attempting to demote the last manager of the swarm");
  const reachable = others.filter((node) => node.manager?.reachability === "reachable");
  if (reachable.length * 2 <= others.length)
    throw refuse("can't remove member from the raft: this would result in a loss of quorum");
}

function wordFor(before: SwarmNode, after: Pick<SwarmNode, "role" | "availability">): string {
  if (before.role !== after.role) return after.role === "manager" ? "promote" : "demote";
  if (before.availability !== after.availability) return after.availability === "drain" ? "drain" : "activate";
  return "update";
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
      const isAlive = Object.values(world.machines).some(({ local }) => local?.nodeId === node.id);
      if (node.manager && isAlive) network.set(node.manager.address, swarm);
    }
    swarms.set(id, swarm);
  }
  const engine = new FakeEngine(name, network);
  const times = world.ledger.filter((entry) => entry === `join ${name}` || entry === `init ${name}`).length;
  if (times > 0) engine.nextId = `${name}-id-${times + 1}`;
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

/** Keeps what a call has done. A role takes effect later, and a node that is drained loses its tasks. */
function keep(folder: string, { engine, swarms, name }: Kept, { entry, node, isNewRole }: Done): void {
  const all = new Map(swarms);
  if (engine.swarm) all.set(engine.swarm.id, engine.swarm);
  changeWorld(folder, (world) => {
    const own = world.machines[name];
    const machines = own
      ? { ...world.machines, [name]: { ...own, local: engine.local, swarmId: engine.swarm?.id } }
      : world.machines;
    const kept = [...all].map(([id, { labels, version, nodes }]) => {
      const before = world.swarms[id];
      const asked = node && isNewRole ? { [node.id]: { role: node.role, at: world.nowMs } } : {};
      return [id, { ...before, labels, version, nodes: [...nodes.values()], roles: { ...before?.roles, ...asked } }];
    });
    const isHit = ({ on, stops }: World["tasks"][number]): boolean =>
      node?.availability === "drain" && on === node.hostname && stops !== false;
    return {
      machines,
      swarms: Object.fromEntries(kept),
      tasks: world.tasks.filter((task) => !isHit(task)),
      ledger: [...world.ledger, entry],
    };
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
