import type { Machine } from "../providers/provider.ts";
import type { Engine, SwarmNode } from "../swarm/engine.ts";
import { judge, type ManagerChange, type ManagerState, removalOrder } from "../swarm/quorum.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import type { ClusterContext } from "./context.ts";
import type { GuardReport, MachineView, Observed } from "./types.ts";

/** What is about to happen to machines, as far as the quorum may feel it. */
export type GuardedChange = ManagerChange["kind"];

/**
 * Judges a change to several machines: managers one after the other in the order in which they would be taken, each with what
 * is left after the ones before. The whole cluster together may always go: there is no quorum to lose then.
 */
export function judgeChange(kind: GuardedChange, targets: readonly MachineView[], observed: Observed): GuardReport {
  const existing = observed.machines.filter(({ machine }) => machine !== undefined);
  const named = new Set(targets.map(({ name }) => name));
  const allowed: GuardReport = { verdict: "allowed", reasons: [], offer: undefined };
  if (kind !== "demote" && kind !== "promote" && existing.every(({ name }) => named.has(name))) return allowed;
  if (observed.nodes === undefined) return judgeBlindly(kind, targets);
  const all = managerStates(observed);
  const changed = kind === "promote" ? targets.filter(({ node }) => node?.role === "worker") : targets;
  const order = kind === "promote" ? changed.map(({ name }) => name) : namesInOrder(all, named);
  return judgeInTurn(kind, all, order);
}

/** Judges a change to one node of the swarm, also one behind which there is no machine any more. */
export function judgeNode(kind: GuardedChange, node: SwarmNode, observed: Observed): GuardReport {
  const name = observed.machines.find((view) => view.node?.id === node.id)?.name ?? node.hostname;
  return judgeInTurn(kind, managerStates(observed), [name]);
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

/** Refuses more machines than the cluster file allows. @throws BeltError `guard.limit` */
export function guardCount(
  context: ClusterContext,
  existing: ReadonlyMap<string, Machine>,
  wanted: readonly string[],
): void {
  const { maxMachines } = context.spec.limits;
  const count = new Set([...existing.keys(), ...wanted]).size;
  if (count <= maxMachines) return;
  throw new BeltError("guard.limit", `${count} machines are more than limits.maxMachines allows (${maxMachines})`, {
    hint: "Raise limits.maxMachines in the cluster file if you mean it.",
  });
}

/**
 * Refuses to take a node's tasks away from volumes that live on that node only: they would start elsewhere on empty ones.
 *
 * @throws BeltError `guard.data` naming each service and volume.
 */
export async function guardData(manager: Engine, node: SwarmNode, signal: AbortSignal): Promise<void> {
  const tasks = await manager.tasks(node.id, signal);
  const bound = tasks.filter(({ isEnding, localVolumes }) => !isEnding && localVolumes.length > 0);
  if (bound.length === 0) return;
  const names = await manager.serviceNames(signal);
  const uses = bound.map(
    (task) => `${names.get(task.serviceId) ?? task.serviceId} uses ${task.localVolumes.join(", ")}`,
  );
  throw new BeltError("guard.data", `tasks on ${node.hostname} keep data there: ${[...new Set(uses)].join("; ")}`, {
    hint: "Move the data first. With --move-local-volumes the tasks start elsewhere, on empty volumes.",
  });
}

/** {@link guardData} for all nodes that are to go, before any of them does: every service and volume at once. */
export async function guardAllData(manager: Engine, nodes: readonly SwarmNode[], signal: AbortSignal): Promise<void> {
  const results = await mapBounded(nodes, 8, (node) => guardData(manager, node, signal));
  const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  const [first] = refusals;
  if (first === undefined) return;
  const bound = refusals.filter((error) => isBeltError(error, "guard.data"));
  if (bound.length < refusals.length || !isBeltError(first))
    throw refusals.find((error) => !isBeltError(error, "guard.data"));
  throw new BeltError("guard.data", bound.map(({ message }) => message).join("; "), {
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}

/** Where the swarm cannot be asked, a manager of the file is not touched, nor a machine that no group names: it may be one. */
function judgeBlindly(kind: GuardedChange, targets: readonly MachineView[]): GuardReport {
  const managers = targets.filter(({ role }) => role !== "worker").map(({ name }) => name);
  if (managers.length === 0) return { verdict: "allowed", reasons: [], offer: undefined };
  const reason = `no manager answers, so nobody knows whether the swarm can bear to ${kind} ${compressNames(managers)}`;
  return { verdict: "refused", reasons: [reason], offer: "Bring the managers back first; `belt status` shows them." };
}

function judgeInTurn(kind: GuardedChange, all: readonly ManagerState[], order: readonly string[]): GuardReport {
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

/** What the next one in turn finds: who was restarted is back by then. */
function afterwards(managers: readonly ManagerState[], { kind, manager }: ManagerChange): readonly ManagerState[] {
  if (kind === "restart" || kind === "resize") return managers;
  if (kind === "stop") return managers.map((one) => (one.name === manager ? { ...one, reachable: false } : one));
  const others = managers.filter(({ name }) => name !== manager);
  return kind === "promote" ? [...others, { name: manager, reachable: true, leader: false }] : others;
}

/** The managers as the swarm sees them now, by the names of their machines. */
function managerStates({ machines, nodes = [] }: Observed): readonly ManagerState[] {
  const names = new Map(machines.flatMap(({ name, node }) => (node ? [[node.id, name]] : [])));
  return nodes
    .filter(({ role }) => role === "manager")
    .map(({ id, hostname, manager }) => ({
      name: names.get(id) ?? hostname,
      reachable: manager?.reachability === "reachable",
      leader: manager?.leader ?? false,
    }));
}

function namesInOrder(all: readonly ManagerState[], named: ReadonlySet<string>): readonly string[] {
  return removalOrder(all.filter(({ name }) => named.has(name))).map(({ name }) => name);
}
