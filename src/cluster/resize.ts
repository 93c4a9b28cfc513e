import type { ResizeControl } from "../providers/provider.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { bootDeadlineMs, type ClusterContext } from "./context.ts";
import { enforce, guardData, judgeChange } from "./guards.ts";
import { nodeNow, speakerExcept, until, untilIdle, untilItLeads } from "./leave.ts";
import type { Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { type PresentView, pickViews } from "./pick.ts";
import { managersInOrder } from "./remove.ts";
import type { Outcome, Saving } from "./types.ts";

/** How many machines change their size at a time, where that does not stop them. */
const maxAtOnce = 16;

/** Which machines get which size. */
export interface Resizing extends Leniency {
  readonly names: readonly string[];
  readonly size: string;
}

/**
 * Changes the size of machines. Where the provider has to stop them for it, each is drained before and put back to what it was
 * after, one at a time; managers last, under the quorum guard, each back among the managers before the next.
 *
 * @throws BeltError `guard.*` before anything is done, `usage.invalid` where the provider cannot.
 */
export async function resize(
  context: ClusterContext,
  wanted: Resizing & Saving,
  signal: AbortSignal,
): Promise<Outcome> {
  const observed = await observe(context, true, signal);
  const targets = pickViews(wanted.names, observed.machines);
  const controls = new Map(
    await Promise.all(
      targets.map(async ({ machine }) => [machine.provider, await controlOf(context, machine.provider)] as const),
    ),
  );
  const stops = (view: PresentView): boolean => controls.get(view.machine.provider)?.restarts ?? true;
  enforce(judgeChange("resize", targets.filter(stops), observed), wanted.acceptNoSpare);
  await wanted.save();
  const tally = new Tally(context);
  const act = (view: PresentView) => tally.phase(view.name, "power", () => resizeOne(context, view, wanted, signal));
  await mapBounded(
    targets.filter((view) => !stops(view)),
    maxAtOnce,
    act,
  );
  const inTurn = targets.filter(stops);
  for (const view of [...inTurn.filter(({ node }) => node?.role !== "manager"), ...managersInOrder(inTurn)]) {
    const done = await act(view).catch(() => signal.throwIfAborted());
    if (!done) break; // what follows was agreed to on other terms
  }
  signal.throwIfAborted();
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const done = targets.filter(({ name }) => !failed.has(name)).map(({ machine }) => machine);
  return conclude(context, tally, done, quoteCommand(["belt", "resize", compressNames([...failed]), wanted.size]));
}

async function resizeOne(
  context: ClusterContext,
  view: PresentView,
  wanted: Resizing,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { machine, node } = view;
  const control = await controlOf(context, machine.provider);
  if (machine.size === wanted.size) return { effect: "unchanged", detail: `is ${wanted.size} already` };
  const change = () => context.journal.around("resize", view.name, () => control.resize(machine, wanted.size, signal));
  if (!control.restarts || machine.state.kind === "stopped") await change();
  else if (node) await whileDrained(context, view, wanted, signal, change);
  else {
    await context.sessions.drop(view.name);
    await change();
  }
  return { effect: "changed", detail: `is ${wanted.size}` };
}

/** Takes a node out of service around a change that stops its machine. */
async function whileDrained(
  context: ClusterContext,
  view: PresentView,
  wanted: Resizing,
  signal: AbortSignal,
  change: () => Promise<void>,
): Promise<void> {
  const { name, node } = view;
  if (!node) return;
  const manager = await speakerExcept(context, name, signal);
  const before = await nodeNow(manager, node, signal);
  if (!wanted.moveLocalVolumes && context.spec.drain.localVolumes === "keep") await guardData(manager, before, signal);
  const set = (availability: typeof before.availability) =>
    context.journal.around("update", name, async () =>
      manager.updateNode(await nodeNow(manager, node, signal), { availability }, signal),
    );
  if (before.availability !== "drain") await set("drain");
  await untilIdle(context, manager, before, signal);
  await context.sessions.drop(name);
  await change();
  await context.sessions.open({ ...view.machine, state: { kind: "running" } }, bootDeadlineMs, signal);
  await until(context, `${name} has its new size; the managers do not see it ready`, signal, async (inner) => {
    return (await nodeNow(manager, node, inner)).status === "ready";
  });
  if (node.role === "manager") await untilItLeads(context, view, signal);
  if (before.availability !== "drain") await set(before.availability);
}

async function controlOf(context: ClusterContext, provider: string): Promise<ResizeControl> {
  const { resize: control } = (await context.fleet.open(provider)).provider;
  if (control) return control;
  throw new BeltError("usage.invalid", `the provider ${provider} cannot change the size of a machine`, {
    hint: "Change the size in the cluster file; belt up --allow-remove makes the machine anew.",
  });
}
