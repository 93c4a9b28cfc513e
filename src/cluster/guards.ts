import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { isMember, membersOf } from "../swarm/members.ts";
import { judge, type ManagerChange, type ManagerState, removalOrder } from "../swarm/quorum.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import type { ClusterContext } from "./context.ts";
import { nodeName } from "./findings.ts";
import { isNodeSpec, type MachineSpec } from "./spec/types.ts";
import type { GuardReport, MachineView, Observed } from "./types.ts";

/** What is about to happen to machines, as far as the quorum may feel it. */
export type GuardedChange = ManagerChange["kind"];

/** The world as it will be when the change begins. */
export interface Foreseen extends Observed {
  /** Machines of the file that are brought up before, as far as they are not there yet. */
  readonly joining?: readonly MachineSpec[];
}

/**
 * Judges a change to several machines: managers one after the other in the order in which they would be taken, each with what
 * is left after the ones before. The whole cluster together may always go: there is no quorum to lose then.
 */
export function judgeChange(kind: GuardedChange, targets: readonly MachineView[], observed: Foreseen): GuardReport {
  const existing = observed.machines.filter(({ machine }) => machine !== undefined);
  const there = [...existing, ...(observed.joining ?? [])];
  const named = new Set(targets.map(({ name }) => name));
  const allowed: GuardReport = { verdict: "allowed", reasons: [], offer: undefined };
  if (kind !== "demote" && kind !== "promote" && there.every(({ name }) => named.has(name))) return allowed;
  if (observed.nodes === undefined) return judgeBlindly(kind, targets, observed);
  const all = managerStates(observed);
  if (kind === "promote") return judgeInTurn(kind, all, targets.flatMap(comingMember));
  const ids = new Set(targets.flatMap(({ node, former = [] }) => [node?.id, ...former.map(({ id }) => id)]));
  return judgeInTurn(kind, all, removalOrder(all.filter(({ id }) => ids.has(id))));
}

/** Judges a change to one node of the swarm, also one behind which there is no machine any more. */
export function judgeNode(kind: GuardedChange, node: SwarmNode, observed: Observed): GuardReport {
  const manager = { id: node.id, name: nodeName(node, observed) };
  if (observed.nodes === undefined) return unknown(kind, [manager.name]);
  return judgeInTurn(kind, managerStates(observed), [manager]);
}

/**
 * Refuses what the quorum cannot bear, and what leaves no failure to spare unless that was accepted.
 *
 * @throws BeltError `guard.quorum`, `guard.no-spare`.
 */
export function enforce(report: GuardReport, acceptNoSpare: boolean): void {
  if (report.verdict === "allowed" || (report.verdict === "ask" && acceptNoSpare)) return;
  const code = report.verdict === "ask" ? "guard.no-spare" : "guard.quorum";
  throw new BeltError(code, report.reasons.join("; "), report.offer === undefined ? {} : { hint: report.offer });
}

/** Refuses more machines than the cluster file allows, those that are to go later among them. @throws BeltError `guard.limit` */
export function guardCount(
  context: ClusterContext,
  existing: ReadonlyMap<string, Machine>,
  wanted: readonly string[],
): void {
  const { maxMachines } = context.spec.limits;
  const count = new Set([...existing.keys(), ...wanted]).size;
  if (count <= maxMachines) return;
  const why = wanted.length <= maxMachines ? `, with the ${existing.size} that are there now,` : "";
  const message = `${count} machines${why} are more than limits.maxMachines allows (${maxMachines})`;
  throw new BeltError("guard.limit", message, {
    hint: "Raise limits.maxMachines in the cluster file if you mean it.",
  });
}

/** Where the swarm cannot be asked, a manager of the file is not touched, nor a machine of no role, which may be one by hand. */
function judgeBlindly(kind: GuardedChange, targets: readonly MachineView[], { swarmless }: Foreseen): GuardReport {
  const managers = targets.filter(({ role }) => role === "manager" || (role === undefined && !swarmless));
  if (managers.length === 0) return { verdict: "allowed", reasons: [], offer: undefined };
  return unknown(
    kind,
    managers.map(({ name }) => name),
  );
}

function unknown(kind: GuardedChange, names: readonly string[]): GuardReport {
  const reason = `no manager answers, so nobody knows whether the swarm can bear to ${kind} ${compressNames(names)}`;
  return { verdict: "refused", reasons: [reason], offer: "Bring the managers back first; `belt status` shows them." };
}

type Manager = ManagerChange["manager"];

/** A worker that is to be a manager. */
function comingMember({ name, node }: MachineView): readonly Manager[] {
  return node && !isMember(node) ? [{ id: node.id, name }] : [];
}

function judgeInTurn(kind: GuardedChange, all: readonly ManagerState[], order: readonly Manager[]): GuardReport {
  let managers = all;
  let report: GuardReport = { verdict: "allowed", reasons: [], offer: undefined };
  for (const manager of order) {
    const word = judge(managers, { kind, manager });
    const offer = word.kind === "allowed" ? report.offer : (word.offer ?? report.offer);
    if (word.kind === "refused") return { verdict: "refused", reasons: [...report.reasons, word.reason], offer };
    report = {
      verdict: word.kind === "ask" ? "ask" : report.verdict,
      reasons: [...report.reasons, word.reason],
      offer,
    };
    managers = afterwards(managers, { kind, manager });
  }
  return report;
}

/** What the next one in turn finds: one that was restarted is back by then. */
function afterwards(managers: readonly ManagerState[], { kind, manager }: ManagerChange): readonly ManagerState[] {
  if (kind === "restart" || kind === "restart-engine" || kind === "resize") return managers;
  if (kind === "stop") return managers.map((one) => (one.id === manager.id ? { ...one, reachable: false } : one));
  const others = managers.filter(({ id }) => id !== manager.id);
  return kind === "promote" ? [...others, { ...manager, reachable: true, leader: false }] : others;
}

/** The members of Raft now, by the names of their machines, and the managers that join before. */
function managerStates(observed: Foreseen): readonly ManagerState[] {
  const { nodes = [], joining = [] } = observed;
  const now = membersOf(nodes, (node) => nodeName(node, observed));
  const known = new Set(now.map(({ name }) => name));
  const soon = joining.filter(
    (machine) => isNodeSpec(machine) && machine.role === "manager" && !known.has(machine.name),
  );
  return [...now, ...soon.map(({ name }) => ({ id: `joining ${name}`, name, reachable: true, leader: false }))];
}
