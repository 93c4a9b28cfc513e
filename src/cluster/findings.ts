import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { naturalCompare } from "../util/natural-compare.ts";
import { driftOf } from "./drift.ts";
import { closesThem, exposuresOf } from "./firewall/exposure.ts";
import { availabilityLabel } from "./owned-labels.ts";
import { type ClusterSpec, isNodeSpec, type MachineSpec } from "./spec/types.ts";
import type { Finding, MachineView, Observed } from "./types.ts";

/**
 * What does not fit between the cluster file, the provider's machines and the swarm's nodes: each thing once, with its class,
 * what was seen, and one way to mend it. Pure.
 */
export function findingsOf(spec: ClusterSpec, observed: Observed): readonly Finding[] {
  const wanted = new Map(spec.machines.map((machine) => [machine.name, machine]));
  const ofMachines = observed.machines.flatMap((view) => findingOf(view, wanted.get(view.name), observed) ?? []);
  const ofNodes = looseNodes(observed).map((node) => ofNode(node, wanted.has(node.hostname)));
  return [...ofMachines, ...ofNodes, ...exposed(spec, observed)].sort((left, right) =>
    naturalCompare(left.name, right.name),
  );
}

/** The nodes of the swarm that no machine stands behind. */
export function looseNodes({ machines, nodes = [] }: Observed): readonly SwarmNode[] {
  const linked = new Set(machines.flatMap(({ node }) => (node ? [node.id] : [])));
  return nodes.filter(({ id }) => !linked.has(id));
}

/** Whether a node without a machine was one of ours: it carries the link to a machine, or a name of the cluster file. */
export function isGhost(node: SwarmNode, isNamed: boolean): boolean {
  return machineOf(node) !== undefined || isNamed;
}

function exposed(spec: ClusterSpec, { machines, walled = new Set() }: Observed): readonly Finding[] {
  const there = new Map(machines.flatMap(({ name, machine }) => (machine ? [[name, machine] as const] : [])));
  return exposuresOf(spec, there, walled).map(({ name, what }) => ({ kind: "exposed", name, what, fix: closesThem }));
}

function findingOf(view: MachineView, wanted: MachineSpec | undefined, observed: Observed): Finding | undefined {
  const { name, machine, node } = view;
  if (!machine) return undefined;
  const inNone = observed.nodes !== undefined && !node;
  if (!wanted)
    return inNone
      ? { kind: "orphan", name, what: "a machine in no swarm, which the file does not name", fix: `belt rm ${name}` }
      : { kind: "unnamed", name, what: "the file does not name it", fix: `belt rm ${name}, or name it in the file` };
  if (inNone && isNodeSpec(wanted))
    return { kind: "orphan", name, what: "a machine in no swarm", fix: "belt up joins it" };
  const drift = driftIn(view, wanted, observed);
  if (drift !== undefined) return drift;
  if (node && isNodeSpec(wanted) && isHeld(node, wanted))
    return {
      kind: "held",
      name,
      what: `somebody made it ${node.availability}; the file says ${wanted.availability}`,
      fix: `belt swarm ${wanted.availability === "active" ? "activate" : "drain"} ${name}`,
    };
  return undefined;
}

/** Whether the availability was changed by hand since the file last asked for it. */
function isHeld(node: SwarmNode, wanted: MachineSpec): boolean {
  return node.labels[availabilityLabel] === wanted.availability && node.availability !== wanted.availability;
}

function driftIn({ name, machine, node }: MachineView, wanted: MachineSpec, observed: Observed): Finding | undefined {
  const make = observed.wanted?.get(name);
  const made = machine && make ? driftOf(machine, make) : [];
  if (made.length > 0)
    return { kind: "drifted", name, what: made.join("; "), fix: "belt up --allow-remove replaces it" };
  if (!node || !isNodeSpec(wanted) || node.role === wanted.role) return undefined;
  return { kind: "drifted", name, what: `is a ${node.role}, the file says ${wanted.role}`, fix: "belt up" };
}

function ofNode(node: SwarmNode, isNamed: boolean): Finding {
  const { hostname: name, status } = node;
  if (!isGhost(node, isNamed))
    return {
      kind: "stranger",
      name,
      what: `a node of the swarm that beltkit did not make (${status})`,
      fix: `leave it, or take it out: belt docker node rm ${name}`,
    };
  if (status === "down")
    return { kind: "ghost", name, what: "a node whose machine is gone", fix: "belt up forgets the node" };
  return {
    kind: "ghost",
    name,
    what: `a node that is ${status}, and the provider knows no machine behind it`,
    fix: `look at it: belt docker node inspect ${name}`,
  };
}
