import type { PowerControl } from "../providers/provider.ts";
import { isAlive } from "../swarm/members.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { quoteCommand } from "../util/shell.ts";
import { bootDeadlineMs, type ClusterContext } from "./context.ts";
import { enforce, judgeChange } from "./guards.ts";
import { until } from "./leave.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { type PresentView, pickViews } from "./pick.ts";
import { areAll, managersInOrder } from "./remove.ts";
import type { Outcome } from "./types.ts";

/** What can be done with a machine's power. */
export type PowerAction = "start" | "stop" | "restart";

/** How many machines change their power at a time. */
const maxAtOnce = 16;

/** What to do with which machines. */
export interface PowerChange {
  readonly action: PowerAction;
  readonly names: readonly string[];
  readonly acceptNoSpare: boolean;
}

/**
 * Starts, stops or restarts machines. What runs already is not started again, and so on. Managers are guarded, and restarted
 * one at a time, each back among the managers before the next goes.
 */
export async function changePower(
  context: ClusterContext,
  { action, names, acceptNoSpare }: PowerChange,
  signal: AbortSignal,
): Promise<Outcome> {
  const observed = await observe(context, action !== "start", signal);
  const targets = pickViews(names, observed.machines);
  if (action !== "start") enforce(judgeChange(action, targets, observed), acceptNoSpare);
  const tally = new Tally(context);
  const apply = (view: PresentView) => tally.phase(view.name, "power", () => applyPower(context, action, view, signal));
  const inTurn = action === "restart" ? managersInOrder(targets) : [];
  await mapBounded(
    targets.filter((view) => !inTurn.includes(view)),
    maxAtOnce,
    apply,
  );
  for (const view of inTurn) {
    if (view !== inTurn[0] && !areAll(targets, observed)) await judgeAgain(context, view, acceptNoSpare, signal);
    await apply(view);
    await until(context, `${view.name} was restarted; it is not back among the managers`, signal, (inner) =>
      isBack(context, view, inner),
    );
  }
  signal.throwIfAborted();
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const done = targets.filter(({ name }) => !failed.has(name)).map(({ machine }) => machine);
  return conclude(context, tally, done, quoteCommand(["belt", action, compressNames([...failed])]));
}

/** Another manager may have failed since the last one was restarted. @throws BeltError `guard.*` */
async function judgeAgain(
  context: ClusterContext,
  { name }: PresentView,
  acceptNoSpare: boolean,
  signal: AbortSignal,
): Promise<void> {
  const observed = await observe(context, true, signal);
  const targets = observed.machines.filter((view) => view.name === name);
  enforce(judgeChange("restart", targets, observed), acceptNoSpare);
}

async function isBack(context: ClusterContext, { name }: PresentView, signal: AbortSignal): Promise<boolean> {
  const { machines } = await observe(context, true, signal);
  const node = machines.find((view) => view.name === name)?.node;
  return node !== undefined && isAlive(node);
}

async function applyPower(
  context: ClusterContext,
  action: PowerAction,
  { machine }: PresentView,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const power = await powerOf(context, machine.provider);
  const stopped = machine.state.kind === "stopped";
  if (action === "start" && machine.state.kind === "running") return { effect: "unchanged", detail: "runs already" };
  if (action === "stop" && stopped) return { effect: "unchanged", detail: "is stopped already" };
  await context.sessions.drop(machine.name);
  const verb = action === "restart" && stopped ? "start" : action;
  await context.journal.around("power", machine.name, () => power[verb](machine, signal));
  if (action === "stop") return { effect: "changed", detail: "stopped" };
  await context.sessions.open({ ...machine, state: { kind: "running" } }, bootDeadlineMs, signal);
  return { effect: "changed", detail: "runs and answers" };
}

async function powerOf(context: ClusterContext, provider: string): Promise<PowerControl> {
  const { power } = (await context.fleet.open(provider)).provider;
  if (power) return power;
  throw new BeltError("usage.invalid", `the provider ${provider} has no control over power`);
}
