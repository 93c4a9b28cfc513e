import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { isMember } from "../swarm/members.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import { driftOf } from "./drift.ts";
import { closesThem, exposuresOf } from "./firewall/exposure.ts";
import { isLeftBehind } from "./identity.ts";
import { availabilityLabel } from "./owned-labels.ts";
import { type ClusterSpec, isNodeSpec, type MachineSpec, type NodeSpec } from "./spec/types.ts";
import { bareVersion, matchesVersion } from "./steps/versions.ts";
import type { Finding, MachineView, Observed } from "./types.ts";

/**
 * What does not fit between the cluster file, the provider's machines and the swarm's nodes: each thing once, with its class,
 * what was seen, and one way to mend it. Pure.
 */
export function findingsOf(spec: ClusterSpec, observed: Observed): readonly Finding[] {
  const wanted = new Map(spec.machines.map((machine) => [machine.name, machine]));
  const ofMachines = observed.machines.flatMap((view) => findingOf(view, wanted.get(view.name), spec, observed) ?? []);
  const ofNodes = looseNodes(observed).map((node) => ofNode(node, wanted.has(node.hostname), observed));
  return [...ofMachines, ...ofNodes, ...exposed(spec, observed), ...required(observed)].sort((left, right) =>
    naturalCompare(left.name, right.name),
  );
}

/** The nodes of the swarm that no machine stands behind. */
export function looseNodes({ machines, nodes = [] }: Observed): readonly SwarmNode[] {
  const linked = new Set(machines.flatMap(({ node }) => (node ? [node.id] : [])));
  return nodes.filter(({ id }) => !linked.has(id));
}

/** The nodes that were machines of ours and have none now, as far as they are to be forgotten once they are known to be dead. */
export function ghostsIn({ machines: wanted }: ClusterSpec, observed: Observed): readonly SwarmNode[] {
  const named = new Set(wanted.map(({ name }) => name));
  return looseNodes(observed).filter((node) => {
    if (!isGhost(node, named.has(node.hostname))) return false;
    // One that answers may run where no provider of the file looks; only what the cluster cannot be whole with is looked into.
    return node.status !== "ready" || isDead(node, observed) || named.has(node.hostname) || isMember(node);
  });
}

/** Whether nobody runs as this node: it is down, or the machine behind it says that it is another node now. */
export function isDead(node: SwarmNode, { machines, words = new Map() }: Observed): boolean {
  const there = machines.flatMap(({ machine }) => machine ?? []);
  return node.status === "down" || isLeftBehind(node, there, words);
}

/** What people call a node: its machine's name; a node without a machine must not pass for the one that has its name now. */
export function nodeName({ id, hostname }: SwarmNode, { machines, nodes = [] }: Observed): string {
  const own = machines.find(({ node }) => node?.id === id);
  if (own) return own.name;
  const isTaken =
    machines.some(({ name, node }) => node && name === hostname) ||
    nodes.some((other) => other.id !== id && other.hostname === hostname);
  return isTaken ? `${hostname} (${id})` : hostname;
}

/** Whether a node without a machine was one of ours: it carries the link to a machine, or a name of the cluster file. */
function isGhost(node: SwarmNode, isNamed: boolean): boolean {
  return machineOf(node) !== undefined || isNamed;
}

function exposed(spec: ClusterSpec, { machines, walled = new Set() }: Observed): readonly Finding[] {
  const there = new Map(machines.flatMap(({ name, machine }) => (machine ? [[name, machine] as const] : [])));
  return exposuresOf(spec, there, walled).map(({ name, what }) => ({ kind: "exposed", name, what, fix: closesThem }));
}

function required({ requirements = [] }: Observed): readonly Finding[] {
  return requirements.map(({ provider, problem: { message, hint, fix } }) => ({
    ...{ kind: "requirement", name: provider, what: message, fix: fix ? `belt up does it: ${fix.title}` : hint },
    ...(fix ? { byUp: true } : {}),
  }));
}

function findingOf(
  view: MachineView,
  wanted: MachineSpec | undefined,
  spec: ClusterSpec,
  observed: Observed,
): Finding | undefined {
  const { name, machine, node } = view;
  if (!machine) return undefined;
  const copied = observed.copies?.get(name);
  if (copied !== undefined)
    return {
      kind: "copy",
      name,
      what: `its engine says it is node ${copied}, which is ${holderOf(copied, observed)}: one is a copy of the other`,
      fix: `belt rm ${name}`,
    };
  const inNone = observed.nodes !== undefined && !node;
  if (!wanted)
    return inNone
      ? { kind: "orphan", name, what: "a machine in no swarm, which the file does not name", fix: `belt rm ${name}` }
      : { kind: "unnamed", name, what: "the file does not name it", fix: `belt rm ${name}, or name it in the file` };
  if (inNone && isNodeSpec(wanted))
    return { kind: "orphan", name, what: "a machine in no swarm", fix: "belt up joins it", byUp: true };
  const drift = driftIn(view, wanted, spec, observed);
  if (drift !== undefined) return drift;
  if (node && isNodeSpec(wanted) && isHeld(node, wanted))
    return {
      kind: "held",
      name,
      what: `availability was set to ${node.availability} by hand, should be ${wanted.availability}`,
      fix: setsAvailability[wanted.availability](name),
    };
  return undefined;
}

/** Whether the availability was changed by hand since the file last asked for it. */
function isHeld(node: SwarmNode, wanted: MachineSpec): boolean {
  return node.labels[availabilityLabel] === wanted.availability && node.availability !== wanted.availability;
}

function driftIn(
  { name, machine, node }: MachineView,
  wanted: MachineSpec,
  { engine }: ClusterSpec,
  observed: Observed,
): Finding | undefined {
  const make = observed.wanted?.get(name);
  const made = machine && make ? driftOf(machine, make) : [];
  if (made.length > 0)
    return { kind: "drifted", name, what: made.join("; "), fix: "belt up --allow-remove replaces it" };
  if (!node || !isNodeSpec(wanted)) return undefined;
  const { version } = engine;
  if (version !== undefined && node.engineVersion !== "" && !matchesVersion(bareVersion(node.engineVersion), version))
    return {
      kind: "drifted",
      name,
      what: `Docker Engine is ${bareVersion(node.engineVersion)}, should be ${version}`,
      fix: `set engine.version to ${bareVersion(node.engineVersion)}, or make the machine anew`,
    };
  if (node.role === wanted.role) return undefined;
  return { kind: "drifted", name, what: `role is ${node.role}, should be ${wanted.role}`, fix: "belt up", byUp: true };
}

function holderOf(nodeId: string, { machines }: Observed): string {
  return machines.find(({ node }) => node?.id === nodeId)?.name ?? "another machine";
}

function ofNode(node: SwarmNode, isNamed: boolean, observed: Observed): Finding {
  const { id, status } = node;
  const name = nodeName(node, observed);
  if (!isGhost(node, isNamed))
    return {
      kind: "stranger",
      name,
      what: `a node of the swarm that beltkit did not make (${status})`,
      fix: `leave it, or take it out: belt docker node rm ${id}`,
    };
  if (isDead(node, observed))
    return { kind: "ghost", name, what: "a node whose machine is gone", fix: "belt up forgets the node", byUp: true };
  return {
    kind: "ghost",
    name,
    what: `a node that is ${status}, and the provider knows no machine behind it`,
    fix: `look at it: belt docker node inspect ${id}`,
  };
}

/** The command that gives a node an availability. */
const setsAvailability: Readonly<Record<NodeSpec["availability"], (name: string) => string>> = {
  active: (name) => `belt swarm activate ${name}`,
  drain: (name) => `belt swarm drain ${name}`,
  pause: (name) => `belt docker node update --availability pause ${name}`,
};
