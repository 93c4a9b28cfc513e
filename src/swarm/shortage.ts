import type { SwarmNode, SwarmService, SwarmTask } from "./engine.ts";

/** A service that is short of tasks once nodes have gone. */
export interface Shortage {
  readonly service: string;
  /** The host names of the nodes that go and on which its tasks run. */
  readonly nodes: readonly string[];
  /** `stuck`: no node that stays takes its tasks; `crowded`: those that stay take only some; `away`: nothing of it runs until it has started elsewhere. */
  readonly kind: "stuck" | "crowded" | "away";
  /** The end of a sentence that begins with the service's name. */
  readonly says: string;
}

/** What a node is to the scheduler's constraints. */
export type PlacementNode = Pick<SwarmNode, "id" | "hostname" | "role" | "labels" | "availability" | "status">;

/** A swarm, as a manager tells it. */
export interface SwarmWork {
  readonly services: readonly SwarmService[];
  readonly tasks: readonly SwarmTask[];
  /** Those that come before the others go are among them. */
  readonly nodes: readonly PlacementNode[];
}

/**
 * Which services will be short when nodes go: their tasks fit nowhere else, or all that runs of them runs there. A global
 * service has one task a node, and misses none. What a node's resources bear is not known here.
 */
export function shortagesOf({ services, tasks, nodes }: SwarmWork, leaving: ReadonlySet<string>): readonly Shortage[] {
  const staying = nodes.filter(({ id, availability, status }) => !leaving.has(id) && isOpen({ availability, status }));
  const nameOf = new Map(nodes.map(({ id, hostname }) => [id, hostname]));
  return services.flatMap((service) => {
    const running = tasks.filter(
      ({ serviceId, isEnding, nodeId }) => serviceId === service.id && !isEnding && nodeId !== "",
    );
    const moving = running.filter(({ nodeId }) => leaving.has(nodeId));
    if (!service.isReplicated || moving.length === 0) return [];
    const fitting = staying.filter((node) => service.constraints.every((constraint) => fits(constraint, node)));
    const names = [...new Set(moving.map(({ nodeId }) => nameOf.get(nodeId) ?? nodeId))];
    const found = judge(service, { moving: moving.length, running: running.length, fitting: fitting.length }, names);
    return found ? [{ service: service.name, nodes: names, ...found }] : [];
  });
}

interface Counts {
  readonly moving: number;
  readonly running: number;
  /** Nodes that stay and take its tasks. */
  readonly fitting: number;
}

function judge(
  { desired, constraints, maxPerNode }: SwarmService,
  { moving, running, fitting }: Counts,
  names: readonly string[],
): Pick<Shortage, "kind" | "says"> | undefined {
  const where = names.join(" and ");
  const what = moving === 1 ? "its task" : `its ${moving} tasks`;
  if (fitting === 0) {
    const why = constraints.length > 0 ? ` fits ${constraints.join(", ")}` : " takes tasks";
    return { kind: "stuck", says: `has nowhere to go with ${what} on ${where}: no node that stays${why}` };
  }
  const room = maxPerNode === 0 ? Number.POSITIVE_INFINITY : fitting * maxPerNode;
  if (room < desired)
    return { kind: "crowded", says: `keeps ${room} of ${desired} replicas: at most ${maxPerNode} may run on a node` };
  if (moving < running) return undefined;
  const all = running === 1 ? "its only replica runs" : `all its ${running} replicas run`;
  return { kind: "away", says: `is away until it has started elsewhere: ${all} on ${where}` };
}

function isOpen({ availability, status }: Pick<SwarmNode, "availability" | "status">): boolean {
  return availability === "active" && status === "ready";
}

/**
 * Whether a node meets a constraint, as swarmkit compares them: without regard to case, a label that is missing as an empty
 * one. What only the engine knows of itself (its labels, its platform) is taken to fit.
 */
function fits(constraint: string, node: PlacementNode): boolean {
  const [, key = "", operator, wanted = ""] = /^\s*(\S+?)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? [];
  const value = placementValue(key, node);
  if (value === undefined || operator === undefined) return true;
  return (value.toLowerCase() === wanted.toLowerCase()) === (operator === "==");
}

function placementValue(key: string, { id, hostname, role, labels }: PlacementNode): string | undefined {
  const known: Readonly<Record<string, string>> = { "node.id": id, "node.hostname": hostname, "node.role": role };
  return key.startsWith("node.labels.") ? (labels[key.slice("node.labels.".length)] ?? "") : known[key];
}
