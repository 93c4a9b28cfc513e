import type { Machine } from "../providers/provider.ts";
import { mapBounded } from "../util/concurrency.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { removeMachines } from "./down.ts";
import type { EditedFile } from "./file-edit.ts";
import { enforce, guardAllData, judgeChange } from "./guards.ts";
import { leaveSwarm } from "./leave.ts";
import type { Leniency } from "./leniency.ts";
import { askSwarm, observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { type PresentView, pickViews } from "./pick.ts";
import type { Observed, Outcome, Saving } from "./types.ts";

/** How many workers leave at a time. */
const maxAtOnce = 8;

/**
 * Removes machines. Nodes leave the swarm first: workers side by side, then managers one at a time, the leader last; only then
 * is anything destroyed, and only what has left. The whole cluster together goes at once: its swarm ends with it.
 */
export async function removeNamed(
  context: ClusterContext,
  { names, file, save }: { readonly names: readonly string[]; readonly file: EditedFile | undefined } & Saving,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<Outcome> {
  const observed = await observe(context, true, signal);
  const targets = pickViews(names, observed.machines);
  enforce(judgeChange("remove", targets, observed), leniency.acceptNoSpare);
  await guardVolumes(context, targets, leniency, signal);
  await save();
  const tally = new Tally(context);
  if (file && file.change.before !== file.change.after) tally.changed = true;
  const removed = await removeViews(context, { observed, targets }, { leniency, tally }, signal);
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  if (failed.size === 0) await context.journal.closeOpen(new Set(names));
  return conclude(context, tally, removed, quoteCommand(["belt", "rm", compressNames([...failed])]));
}

/** Refuses, before anything is touched, to take tasks away from volumes on any of these machines. @throws BeltError `guard.data` */
export async function guardVolumes(
  context: ClusterContext,
  targets: readonly PresentView[],
  leniency: Leniency,
  signal: AbortSignal,
): Promise<void> {
  const nodes = targets.flatMap(({ node }) => node ?? []);
  if (nodes.length === 0 || leniency.moveLocalVolumes || context.spec.drain.localVolumes === "move") return;
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  if (answer.kind === "answered") await guardAllData(answer.by.engine, nodes, signal);
}

/** The removal itself, of machines that were observed; failures go to the tally. Returns those that had left the swarm. */
export async function removeViews(
  context: ClusterContext,
  { observed, targets }: { readonly observed: Observed; readonly targets: readonly PresentView[] },
  { leniency, tally }: { readonly leniency: Leniency; readonly tally: Tally },
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  const everything = observed.machines.filter(({ machine }) => machine !== undefined).length === targets.length;
  if (!everything) await leaveInOrder(context, targets, { leniency, tally }, signal);
  signal.throwIfAborted();
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const ready = targets.filter(({ name }) => !failed.has(name)).map(({ machine }) => machine);
  await removeMachines(context, ready, tally, signal);
  return ready;
}

/** Takes nodes out of the swarm; failures go to the tally. After a manager's failure no further manager is touched. */
export async function leaveInOrder(
  context: ClusterContext,
  targets: readonly PresentView[],
  { leniency, tally }: { readonly leniency: Leniency; readonly tally: Tally },
  signal: AbortSignal,
): Promise<void> {
  const leave = (view: PresentView) =>
    tally.phase(view.name, "leave", () => leaveSwarm(context, view, leniency, signal));
  const nodes = targets.filter(({ node }) => node !== undefined);
  await mapBounded(
    nodes.filter(({ node }) => node?.role === "worker"),
    maxAtOnce,
    leave,
  );
  for (const view of managersInOrder(nodes)) await leave(view);
}

/** Managers in the order in which they are taken: those that do not answer first, the leader last. */
export function managersInOrder(views: readonly PresentView[]): readonly PresentView[] {
  const rank = ({ node }: PresentView): number =>
    node?.manager?.leader ? 2 : node?.manager?.reachability === "reachable" ? 1 : 0;
  return views.filter(({ node }) => node?.role === "manager").sort((left, right) => rank(left) - rank(right));
}
