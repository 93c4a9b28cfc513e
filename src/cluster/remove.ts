import type { Machine } from "../providers/provider.ts";
import { isAlive, isManager } from "../swarm/members.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { type ClusterContext, emit, machinesByName } from "./context.ts";
import { guardVolumes } from "./data-guard.ts";
import { removeMachines } from "./down.ts";
import type { EditedFile } from "./file-edit.ts";
import { enforce, judgeChange } from "./guards.ts";
import { leaveSwarm } from "./leave.ts";
import { leaveInTurn } from "./leave-in-turn.ts";
import { flagsOf, type Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { isPresent, type PresentView, pickViews } from "./pick.ts";
import { abandoned } from "./release.ts";
import { requireShown, type Shown } from "./shown.ts";
import type { Observed, Outcome, Saving } from "./types.ts";

/**
 * Removes machines. Nodes leave the swarm first: workers side by side, then managers one at a time, the leader last; only then
 * is anything destroyed, and only what has left. The whole cluster together goes at once: its swarm ends with it.
 */
export async function removeNamed(
  context: ClusterContext,
  { names, file, save }: { readonly names: readonly string[]; readonly file: EditedFile | undefined } & Saving,
  { shown, ...leniency }: Leniency & { readonly shown?: Shown | undefined },
  signal: AbortSignal,
): Promise<Outcome> {
  const observed = await observe(context, true, signal);
  const targets = pickViews(names, observed.machines);
  if (shown) requireShown(shown, targets);
  enforce(judgeChange("remove", targets, observed), leniency.acceptNoSpare);
  await guardVolumes(context, { observed, targets }, leniency, signal);
  await save();
  const tally = new Tally(context);
  if (file && file.change.before !== file.change.after) tally.changed = true;
  const removed = await removeViews(
    context,
    { targets, whole: areAll(targets, observed) },
    { leniency, tally },
    signal,
  );
  if (tally.failures.length === 0) await closeRemovals(context, names, observed);
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const gone = new Set(removed.map(({ name }) => name).filter((name) => !failed.has(name)));
  const left = names.filter((name) => !gone.has(name));
  const goOn = ["belt", "rm", compressNames(left), ...flagsOf(leniency, file !== undefined)];
  return conclude(context, tally, removed, quoteCommand(goOn));
}

/** What was left open about these machines is done, and so are removals that a kill cut off after their machines were gone. */
async function closeRemovals(
  { journal }: ClusterContext,
  names: readonly string[],
  { machines }: Observed,
): Promise<void> {
  const there = new Set(machines.filter(isPresent).map(({ name }) => name));
  await journal.closeOpen(({ operation, on }) => names.includes(on) || (operation === "remove" && !there.has(on)));
}

/** Whether these are all machines that there are: a swarm ends with them, and nobody has to leave it. */
export function areAll(targets: readonly PresentView[], { machines }: Observed): boolean {
  return machines.filter(isPresent).length === targets.length;
}

/** The removal itself; failures go to the tally. Returns those that had left the swarm, or all where it ends as a whole. */
export async function removeViews(
  context: ClusterContext,
  { targets, whole }: { readonly targets: readonly PresentView[]; readonly whole: boolean },
  { leniency, tally }: { readonly leniency: Leniency; readonly tally: Tally },
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  const left = whole ? targets : await leaveInOrder(context, targets, { leniency, tally }, signal);
  signal.throwIfAborted();
  const machines = left.map(({ machine }) => (leniency.force ? abandoned(machine) : machine));
  await removeMachines(context, machines, tally, signal);
  if (!whole) await shutOut(context, signal);
  return machines;
}

/** The hosts that stay let nobody in from the addresses of machines that are gone. */
async function shutOut(context: ClusterContext, signal: AbortSignal): Promise<void> {
  if (!context.spec.firewall) return;
  const { keepFirewallsOf } = await import("./host-firewall.ts");
  const left = [...(await machinesByName(context, signal)).values()];
  await keepFirewallsOf(context, { members: left, hosts: left }, signal);
}

/**
 * Takes nodes out of the swarm; failures go to the tally. After a manager's failure no further manager is touched. Returns
 * those that are in no swarm now.
 */
async function leaveInOrder(
  context: ClusterContext,
  targets: readonly PresentView[],
  { leniency, tally }: { readonly leniency: Leniency; readonly tally: Tally },
  signal: AbortSignal,
): Promise<readonly PresentView[]> {
  const left = new Set(targets.filter(({ node, former }) => node === undefined && former === undefined));
  const leave = async (view: PresentView): Promise<void> => {
    await tally.phase(view.name, "leave", () => leaveSwarm(context, view, leniency, signal));
    left.add(view);
  };
  const managers = managersInOrder(targets);
  const workers = targets.filter((view) => !left.has(view) && !managers.includes(view));
  await leaveInTurn(context, workers, leave, signal);
  for (const [index, view] of managers.entries()) {
    await leave(view).catch(() => signal.throwIfAborted());
    if (left.has(view)) continue;
    const kept = managers.slice(index + 1).map(({ name }) => name);
    for (const machine of kept)
      emit(context, { event: "note", machine, message: `stays, since ${view.name} did not leave` });
    break;
  }
  return targets.filter((view) => left.has(view));
}

/** Managers in the order in which they are taken: those that do not answer first, the leader last. */
export function managersInOrder(views: readonly PresentView[]): readonly PresentView[] {
  const rank = ({ node }: PresentView): number => (node?.manager?.leader ? 2 : node && isAlive(node) ? 1 : 0);
  const isOne = ({ node, former = [] }: PresentView): boolean =>
    (node !== undefined && isManager(node)) || former.some(isManager);
  return views.filter(isOne).sort((left, right) => rank(left) - rank(right));
}
