import type { PowerControl } from "../providers/provider.ts";
import { mapBounded } from "../util/concurrency.ts";
import { BeltError } from "../util/errors.ts";
import { bootDeadlineMs, type ClusterContext } from "./context.ts";
import { guardManagers } from "./guards.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { type PresentView, pickViews } from "./pick.ts";
import type { Outcome } from "./types.ts";

/** What can be done with a machine's power. */
export type PowerAction = "start" | "stop" | "restart";

/** How many machines change their power at a time. */
const maxAtOnce = 16;

/** Starts, stops or restarts machines. What runs already is not started again, and so on. Managers are guarded. */
export async function changePower(
  context: ClusterContext,
  action: PowerAction,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const observed = await observe(context, action !== "start", signal);
  const targets = pickViews(names, observed.machines);
  if (action !== "start") guardManagers(action, targets, observed);
  const tally = new Tally(context);
  await mapBounded(targets, maxAtOnce, (view) =>
    tally.phase(view.name, "power", () => applyPower(context, action, view, signal)),
  );
  signal.throwIfAborted();
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const done = targets.filter(({ name }) => !failed.has(name)).map(({ machine }) => machine);
  return conclude(context, tally, done, `belt ${action} ${[...failed].join(" ")}`);
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
