import type { ResizeControl } from "../providers/provider.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import type { ClusterContext } from "./context.ts";
import type { WantedMachine } from "./create-machines.ts";
import { guardVolumes } from "./data-guard.ts";
import type { EditedFile } from "./file-edit.ts";
import { enforce, judgeChange } from "./guards.ts";
import { flagsOf, type Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { isPresent, type PresentView, pickViews } from "./pick.ts";
import { startStopped } from "./prepare.ts";
import { guardPrice } from "./price.ts";
import { refuseUnmakeable } from "./provider-check.ts";
import { aside, wasPutAside } from "./put-aside.ts";
import { areAll, managersInOrder } from "./remove.ts";
import type { GuardReport, MachineView, Observed, Outcome, Saving } from "./types.ts";

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
 * @throws BeltError `guard.*`, `provider.requirements` for a size that the provider has not, and `usage.invalid` where it
 * cannot change any, all of them before anything is done.
 */
export async function resize(
  context: ClusterContext,
  wanted: Resizing & Saving & { readonly file: EditedFile | undefined },
  signal: AbortSignal,
): Promise<Outcome> {
  const { file } = wanted;
  const observed = await observe(context, true, signal);
  const targets = pickViews(wanted.names, observed.machines);
  const sizes = await sizesCalled(context, targets, wanted.size);
  const inTurn = (await stoppedFor(context, targets)).filter((view) => !isDone(view, sizes));
  const whole = areAll(targets, observed);
  enforce(judgeChange("resize", whole ? targets : inTurn, observed), wanted.acceptNoSpare);
  await guardVolumes(context, { observed, targets: inTurn }, wanted, signal);
  await refuseUnmakeable(context, asWanted(context, targets, wanted.size), signal);
  await guardPrice(context, signal);
  await wanted.save();
  const tally = new Tally(context);
  if (file && file.change.before !== file.change.after) tally.changed = true;
  const live = targets.filter((view) => !inTurn.includes(view));
  await resizeAll(context, { wanted, sizes, tally, inTurn, live, whole }, signal);
  signal.throwIfAborted();
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const done = targets.filter(({ name }) => !failed.has(name)).map(({ machine }) => machine);
  const goOn = [compressNames(wanted.names), wanted.size, ...flagsOf(wanted, file !== undefined)];
  return conclude(context, tally, done, quoteCommand(["belt", "resize", ...goOn]));
}

/** The guard's word on new sizes: it is about those machines only that are off for a moment because of it. */
export async function judgeResize(
  context: ClusterContext,
  targets: readonly MachineView[],
  observed: Observed,
): Promise<GuardReport> {
  const present = targets.filter(isPresent);
  return judgeChange("resize", areAll(present, observed) ? present : await stoppedFor(context, present), observed);
}

/** What each provider calls the size that is wanted. */
type Sizes = ReadonlyMap<string, string>;

interface Work {
  readonly wanted: Resizing;
  readonly sizes: Sizes;
  readonly tally: Tally;
  /** Those that are off for a moment, one after the other. */
  readonly inTurn: readonly PresentView[];
  readonly live: readonly PresentView[];
  /** Whether these are all machines of the cluster. */
  readonly whole: boolean;
}

async function sizesCalled(context: ClusterContext, views: readonly PresentView[], size: string): Promise<Sizes> {
  const names = [...new Set(views.map(({ machine }) => machine.provider))];
  const called = names.map(async (name) => {
    const { plugin } = await context.fleet.open(name);
    return [name, plugin.sizeOf?.(size) ?? size] as const;
  });
  return new Map(await Promise.all(called));
}

/** Failures go to the tally. After the first one of those that are stopped no other is touched: it was agreed to on other terms. */
async function resizeAll(context: ClusterContext, work: Work, signal: AbortSignal): Promise<void> {
  const { tally, inTurn, live } = work;
  const act = (view: PresentView) => tally.phase(view.name, "power", () => resizeOne(context, view, work, signal));
  await mapBounded(live, maxAtOnce, act);
  const managers = managersInOrder(inTurn);
  for (const view of [...inTurn.filter((one) => !managers.includes(one)), ...managers]) {
    const done = await act(view).catch(() => signal.throwIfAborted());
    if (!done) return;
  }
}

async function resizeOne(
  context: ClusterContext,
  view: PresentView,
  { wanted, sizes, whole }: Pick<Work, "wanted" | "sizes" | "whole">,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { machine, name } = view;
  const size = sizes.get(machine.provider) ?? wanted.size;
  if (isDone(view, sizes)) return { effect: "unchanged", detail: `is ${size} already` };
  const control = await controlOf(context, machine.provider);
  const change = async (): Promise<void> => {
    if (machine.size !== size)
      await context.journal.around("resize", name, () => control.resize(machine, size, signal));
  };
  const changeAndStart = async (): Promise<void> => {
    await change();
    if (machine.state.kind === "stopped") await startStopped(context, machine, signal);
  };
  if (!control.restarts || !isInService(view)) await change();
  else await aside(context, view, { leniency: wanted, change: "resize", whole, work: changeAndStart }, signal);
  return { effect: "changed", detail: `is ${size}` };
}

/** Whether nothing is left to do: an earlier command may have given the size and not put the node back. */
function isDone({ machine, node }: PresentView, sizes: Sizes): boolean {
  return machine.size === sizes.get(machine.provider) && !(node && wasPutAside(node));
}

/** Whether a machine runs, or would if an earlier command had not been ended while it was off. */
function isInService({ machine, node }: PresentView): boolean {
  return machine.state.kind === "running" || (node !== undefined && wasPutAside(node));
}

/** Those machines whose provider stops them for a new size. One that is off already is not stopped by anything. */
async function stoppedFor(context: ClusterContext, views: readonly PresentView[]): Promise<readonly PresentView[]> {
  const providers = [...new Set(views.map(({ machine }) => machine.provider))];
  const controls = new Map(
    await Promise.all(providers.map(async (one) => [one, await controlOf(context, one)] as const)),
  );
  return views.filter((view) => isInService(view) && controls.get(view.machine.provider)?.restarts);
}

function asWanted({ spec }: ClusterContext, views: readonly PresentView[], size: string): readonly WantedMachine[] {
  const inFile = new Map(spec.machines.map((machine) => [machine.name, machine]));
  return views.map(({ name, group, provider }) => {
    const { image, zones } = inFile.get(name) ?? {};
    return { name, group, provider, size, image, zones };
  });
}

async function controlOf(context: ClusterContext, provider: string): Promise<ResizeControl> {
  const { resize: control } = (await context.fleet.open(provider)).provider;
  if (control) return control;
  throw new BeltError("usage.invalid", `the provider ${provider} cannot change the size of a machine`, {
    hint: "Change the size in the cluster file; belt up --allow-remove makes the machine anew.",
  });
}
