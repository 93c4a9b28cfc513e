import type { SwarmNode } from "../../../src/swarm/engine.ts";
import type { World, WorldSwarm } from "./state.ts";

/** How late the word of a swarm is, in milliseconds, as it was measured on real ones. */
export const lateness = {
  /** A node that left or died is called ready for so long. */
  downMs: 15_000,
  /** A manager that left or died is called reachable for so long. */
  unreachableMs: 5000,
  /** How long it takes to find another leader after the death of one, and after its demotion. */
  electionMs: 12_000,
  handoverMs: 1000,
  /** After a change of leader: how long nodes are `unknown` that live, and those that do not. */
  unknownMs: 30_000,
  unknownDeadMs: 60_000,
  /** When a new role makes a node a member of Raft or no more, and when its own engine knows. */
  memberMs: 1000,
  engineMs: 2000,
} as const;

/** A world as it has become by now: roles that took effect, deaths that were noticed, leaders that were found. Pure. */
export function overtaken(world: World): World {
  const swarms = Object.entries(world.swarms).map(([id, swarm]) => [id, swarmNow(world, id, swarm)] as const);
  return { ...world, swarms: Object.fromEntries(swarms), machines: machinesNow(world) };
}

/** Whether a swarm can decide anything: it has a leader, and more than half of its managers live. */
export function isLed(world: World, id: string): boolean {
  const nodes = world.swarms[id]?.nodes ?? [];
  const members = nodes.filter(({ manager }) => manager !== undefined);
  const alive = members.filter((node) => lives(world, id, node));
  return alive.length * 2 > members.length && alive.some(({ manager }) => manager?.leader);
}

function lives({ machines }: World, swarmId: string, { id }: SwarmNode): boolean {
  return Object.values(machines).some((one) => one.swarmId === swarmId && one.local?.nodeId === id);
}

function swarmNow(world: World, id: string, swarm: WorldSwarm): WorldSwarm {
  const { nowMs } = world;
  const dead = swarm.nodes.filter((node) => !lives(world, id, node));
  const gone = Object.fromEntries(dead.map((node) => [node.id, swarm.gone?.[node.id] ?? nowMs]));
  const members = swarm.nodes.map((node) => memberNow(node, swarm.roles?.[node.id], nowMs));
  const led = ledNow({ ...swarm, nodes: members, gone }, nowMs);
  const nodes = led.nodes.map((node) => seenNow(node, led, nowMs));
  return { ...led, nodes: nodes.map((node, index) => touched(swarm.nodes[index], node)) };
}

function memberNow(node: SwarmNode, asked: { readonly at: number } | undefined, nowMs: number): SwarmNode {
  if (!asked || nowMs < asked.at + lateness.memberMs) return node;
  if (node.role === "worker") return { ...node, manager: undefined };
  const manager = { leader: false, reachability: "reachable", address: `${node.address}:2377` } as const;
  return { ...node, manager: node.manager ?? manager };
}

/** There is one leader: the first that says so and lives. Without it another one is found after a while, if enough live. */
function ledNow(swarm: WorldSwarm, nowMs: number): WorldSwarm {
  const { nodes, gone = {} } = swarm;
  const leader = nodes.find(({ id, manager }) => manager?.leader && gone[id] === undefined);
  if (leader) return { ...swarm, nodes: ledBy(nodes, leader.id), leaderlessFrom: undefined };
  const dead = nodes.find(({ manager }) => manager?.leader);
  const from = swarm.leaderlessFrom ?? nowMs + (dead ? lateness.electionMs : lateness.handoverMs);
  const members = nodes.filter(({ manager }) => manager);
  const alive = members.filter(({ id }) => gone[id] === undefined);
  const [next] = alive;
  if (!next || nowMs < from || alive.length * 2 <= members.length) return { ...swarm, leaderlessFrom: from };
  const unclear = nodes.map((node) =>
    node.id === next.id || node.status === "down" ? node : { ...node, status: "unknown" as const },
  );
  return { ...swarm, nodes: ledBy(unclear, next.id), leaderlessFrom: undefined, ledFrom: nowMs };
}

function ledBy(nodes: readonly SwarmNode[], leader: string): readonly SwarmNode[] {
  return nodes.map((node) =>
    node.manager && node.manager.leader !== (node.id === leader)
      ? { ...node, manager: { ...node.manager, leader: node.id === leader } }
      : node,
  );
}

function seenNow(node: SwarmNode, { gone = {}, ledFrom = 0 }: WorldSwarm, nowMs: number): SwarmNode {
  const since = gone[node.id];
  if (since === undefined)
    return node.status === "down" || (node.status === "unknown" && nowMs >= ledFrom + lateness.unknownMs)
      ? { ...node, status: "ready" }
      : node;
  const isDown = nowMs >= (node.status === "unknown" ? ledFrom + lateness.unknownDeadMs : since + lateness.downMs);
  const silent = node.manager && nowMs >= since + lateness.unreachableMs;
  const manager = silent ? ({ ...node.manager, reachability: "unreachable" } as const) : node.manager;
  return { ...node, status: isDown ? "down" : node.status, manager };
}

/** Whatever is written to a node moves its version on. */
function touched(before: SwarmNode | undefined, node: SwarmNode): SwarmNode {
  return JSON.stringify(before) === JSON.stringify(node) ? node : { ...node, version: node.version + 1 };
}

/** An engine learns of its new role after its managers did. */
function machinesNow({ machines, swarms, nowMs }: World): World["machines"] {
  const now = Object.entries(machines).map(([name, machine]) => {
    const { local, swarmId = "" } = machine;
    const asked = swarms[swarmId]?.roles?.[local?.nodeId ?? ""];
    if (!local || !asked || nowMs < asked.at + lateness.engineMs) return [name, machine] as const;
    const isManager = asked.role === "manager";
    return [name, { ...machine, local: { ...local, isManager, swarmId: isManager ? swarmId : undefined } }] as const;
  });
  return Object.fromEntries(now);
}
