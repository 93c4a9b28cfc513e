import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { isMember } from "../swarm/members.ts";
import { driftOf } from "./drift.ts";
import { ghostsIn, nodeName } from "./findings.ts";
import { availabilityToSet, keysToDrop } from "./owned-labels.ts";
import type { SettingsPart } from "./settings.ts";
import type { SharedChange } from "./shared.ts";
import { type ClusterSpec, isNodeSpec, type MachineSpec, type NodeSpec } from "./spec/types.ts";
import type { Change, ChangeAction, MachineView, Observed, Risk } from "./types.ts";

/** Every action in the order in which `up` gets to it: what adds comes before what takes away. */
const order: readonly ChangeAction[] = [
  "configure",
  "create",
  "start",
  "bootstrap",
  "firewall",
  "restart-engine",
  "join",
  "label",
  "availability",
  "promote",
  "replace",
  "drain",
  "demote",
  "leave",
  "remove",
  "destroy",
];

/**
 * What `up` would do: a pure function of the cluster file and of the world as it was observed, in the order in which it would
 * be done, each with its reason in the user's words and its risk. `remove` takes a node off the swarm's list, `destroy` a
 * machine from its provider.
 */
export function plan(spec: ClusterSpec, observed: Observed): readonly Change[] {
  const views = new Map(observed.machines.map((view) => [view.name, view]));
  const named = new Set(spec.machines.map(({ name }) => name));
  const changes = [
    ...(observed.shared ?? []).map(configuring),
    ...spec.machines.flatMap((wanted) => changesFor(wanted, views.get(wanted.name), observed)),
    ...ghostsIn(spec, observed).flatMap((node) => forgetting(node, observed)),
    ...observed.machines.filter(({ name, machine }) => machine && !named.has(name)).flatMap((view) => removal(view)),
  ];
  return changes
    .map((change) => ({ change, rank: order.indexOf(change.action) * 2 + lateness(change) }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ change }) => change);
}

/** The machines of the file that are not there. */
export function missing(spec: ClusterSpec, observed: Observed): readonly MachineSpec[] {
  const there = new Set(observed.machines.filter(({ machine }) => machine).map(({ name }) => name));
  return spec.machines.filter(({ name }) => !there.has(name));
}

/** The changes for which the engine of a node is restarted. */
export function restarting(changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ action }) => action === "restart-engine");
}

/** The changes that destroy a machine: they follow from what the file does not say, and want a word of their own. */
export function destructive(changes: readonly Change[]): readonly Change[] {
  return changes.filter(({ action }) => action === "destroy" || action === "replace");
}

function configuring({ provider, what }: SharedChange): Change {
  return { action: "configure", machine: provider, group: "", role: undefined, reason: what, risk: "none" };
}

/** Managers join before workers, and leave after them. */
function lateness({ action, role }: Change): number {
  const early = order.indexOf(action) <= order.indexOf("join") ? "manager" : "worker";
  return role === undefined || role === early ? 0 : 1;
}

type MakeChange = (action: ChangeAction, reason: string, risk?: Risk) => Change;

function changesFor(wanted: MachineSpec, view: MachineView | undefined, observed: Observed): readonly Change[] {
  const { name, group } = wanted;
  const role = isNodeSpec(wanted) ? wanted.role : undefined;
  const change: MakeChange = (action, reason, risk = "none") => ({ action, machine: name, group, role, reason, risk });
  const enter = [
    ...(wanted.role === "bare" ? [] : [change("bootstrap", "engine and certificates")]),
    ...(role === undefined ? [] : [change("join", `to be a ${role} of the swarm`)]),
  ];
  const machine = view?.machine;
  if (!machine) {
    const size = sizeWords(wanted, observed);
    return [change("create", `group ${group} names it and it is not there${size}`), ...enter];
  }
  switch (machine.state.kind) {
    case "creating":
      return [change("create", "its creation was not finished"), ...(view?.node ? [] : enter)];
    case "failed":
      return [change("create", whyFailed(machine)), ...(view?.node ? [] : enter)];
    case "removing":
      return [change("create", "its removal was not finished, and the file names it"), ...enter];
    case "stopped":
      return [
        change("start", "it is stopped"),
        ...settingsChanges(view?.node, observed.settings?.get(name), change),
        ...(view?.node || observed.nodes === undefined ? [] : enter),
      ];
    case "running": {
      const make = observed.wanted?.get(name);
      const drift = make ? driftOf(machine, make) : [];
      if (drift.length > 0)
        return [
          ...settingsChanges(view?.node, observed.settings?.get(name), change),
          ...(view?.node && isNodeSpec(wanted) ? roleChange(wanted, view.node, change) : []),
          change("replace", drift.join("; "), riskOf(view?.node)),
        ];
      if (!isNodeSpec(wanted)) return []; // whether it was joined by hand is not the file's business
      if (view?.node)
        return [
          ...settingsChanges(view.node, observed.settings?.get(name), change),
          ...updates(wanted, { node: view.node, machine }, change),
        ];
      // A swarm that was there and cannot be asked may well have it: nobody knows what there is to do.
      return observed.nodes === undefined && observed.swarmKnown === true ? [] : enter;
    }
  }
}

/** What is read when an engine starts. */
const startingWords: Readonly<Partial<Record<SettingsPart, string>>> = {
  daemon: "its daemon.json changes",
  api: "the address of its API changes",
  certificates: "its certificate changes",
};

/** New rules of a firewall take effect by themselves, everything else with a restart of the engine. */
function settingsChanges(
  node: SwarmNode | undefined,
  parts: readonly SettingsPart[] = [],
  change: MakeChange,
): readonly Change[] {
  const reasons = parts.flatMap((part) => startingWords[part] ?? []);
  return [
    ...(parts.includes("firewall") ? [change("firewall", "the firewall of the file changed")] : []),
    ...(reasons.length > 0 ? [change("restart-engine", reasons.join("; "), riskOf(node))] : []),
  ];
}

/** What a size of the file is called by the provider, where that is another word. */
function sizeWords({ name, size }: MachineSpec, { wanted }: Observed): string {
  const called = wanted?.get(name)?.size;
  return size === undefined || called === undefined || called === size ? "" : `; the size ${size} is ${called}`;
}

function whyFailed({ given, state }: Machine): string {
  const reason = state.kind === "failed" ? state.reason : "no reason";
  return given ? `the host does not answer: ${reason}` : `its creation failed: ${reason}`;
}

function updates(
  wanted: NodeSpec,
  { node, machine }: { readonly node: SwarmNode; readonly machine: Machine },
  change: MakeChange,
): readonly Change[] {
  const differing = Object.entries(wanted.labels).filter(([key, value]) => node.labels[key] !== value);
  const reasons = [
    ...differing.map(([key, value]) => `label ${key} is to be "${value}"`),
    ...keysToDrop(wanted, node).map((key) => `label ${key} is in the file no more`),
    ...([undefined, machine.id].includes(machineOf(node)) ? [] : ["it is linked to another machine"]),
  ];
  const moves = availabilityToSet(wanted, node);
  return [
    ...(reasons.length > 0 ? [change("label", reasons.join("; "))] : []),
    ...(moves === undefined || moves === node.availability
      ? []
      : [change("availability", `is to be ${moves}`, moves === "drain" ? "moves-work" : "none")]),
    ...roleChange(wanted, node, change),
  ];
}

function roleChange(wanted: NodeSpec, node: SwarmNode, change: MakeChange): readonly Change[] {
  // After a swarm was formed anew the managers that it cut off keep the role and have no vote.
  if (wanted.role === "manager" && node.role === "manager" && !isMember(node))
    return [change("promote", "is called a manager and has no vote")];
  if (wanted.role === "worker" && node.role === "worker" && isMember(node))
    return [change("demote", "is called a worker and still has a vote", "quorum")];
  if (node.role === wanted.role) return [];
  const reason = `role is ${node.role}, should be ${wanted.role}`;
  return [wanted.role === "manager" ? change("promote", reason) : change("demote", reason, "quorum")];
}

/** A node whose machine is gone for good is taken off the list; a member of Raft is demoted first. */
function forgetting(node: SwarmNode, observed: Observed): readonly Change[] {
  const reason = "a node whose machine is gone";
  const common = { machine: nodeName(node, observed), group: "", role: node.role, reason };
  const demoted = { ...common, action: "demote", risk: "quorum" } as const;
  const removed = { ...common, action: "remove", risk: "none" } as const;
  return isMember(node) ? [demoted, removed] : [removed];
}

/** The way out of a machine that the file does not name. */
function removal({ name, group, node }: MachineView): readonly Change[] {
  const role = node?.role;
  const change = (action: ChangeAction, risk: Risk): Change => ({
    ...{ action, machine: name, group, role, risk },
    reason: "the file does not name it",
  });
  const way = node
    ? [
        change("drain", "moves-work"),
        ...(role === "manager" ? [change("demote", "quorum")] : []),
        change("leave", "none"),
        change("remove", "none"),
      ]
    : [];
  return [...way, change("destroy", "none")];
}

function riskOf(node: SwarmNode | undefined): Risk {
  if (node === undefined) return "none";
  return node.role === "manager" ? "quorum" : "moves-work";
}
