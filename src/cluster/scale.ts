import { BeltError } from "../util/errors.ts";
import { quoteCommand } from "../util/shell.ts";
import { askSwarm } from "./ask-swarm.ts";
import type { Choice } from "./choose.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { guardVolumes } from "./data-guard.ts";
import { enforce, guardCount, judgeChange } from "./guards.ts";
import { leaderAmong } from "./leader.ts";
import { flagsOf, type Leniency } from "./leniency.ts";
import { observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { isPresent } from "./pick.ts";
import { guardPrice } from "./price.ts";
import { refuseUnmakeable } from "./provider-check.ts";
import { areAll, removeViews } from "./remove.ts";
import { leaversIn, type ScalePlan, type ScaleTarget } from "./scale-plan.ts";
import { forgetGhosts } from "./settle.ts";
import { requireShown } from "./shown.ts";
import { isNodeSpec } from "./spec/types.ts";
import type { Outcome, Saving } from "./types.ts";
import { bringAbout } from "./up.ts";

/** How a plan is acted on. */
export interface ScaleOptions {
  /** Whether the cluster file is to say so. */
  readonly writesFile: boolean;
  /** Whether it was agreed to that no machine of a group stays. */
  readonly replaceAll: boolean;
}

/** A plan to act on. */
export type Scaling = ScalePlan & Saving & ScaleOptions;

/**
 * Acts on a plan: first what comes, then what goes, drained and out of the swarm before it is destroyed.
 *
 * @throws BeltError `guard.*` before anything is done.
 */
export async function scale(
  context: ClusterContext,
  scaling: Scaling,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<Outcome> {
  const { coming, going, targets, file, save, writesFile } = scaling;
  refuseReplacing(scaling);
  await letPass(context, scaling, leniency, signal);
  await save();
  const tally = new Tally(context);
  if (writesFile && file.change.before !== file.change.after) tally.changed = true;
  const made = await grow(context, coming, { tally, leniency }, signal);
  const gone = tally.failures.length === 0 ? await shrink(context, going, { tally, leniency }, signal) : [];
  const failed = tally.failures.length > 0;
  if (!failed) await closeWhatIsDone(context, targets);
  return conclude(context, tally, failed ? [...made, ...gone] : made, goOn(targets, leniency, scaling));
}

/** @throws BeltError `guard.removal` */
function refuseReplacing({ replaced, replaceAll }: Scaling): void {
  if (replaced.length === 0 || replaceAll) return;
  const groups = replaced.length === 1 ? "group" : "groups";
  throw new BeltError("guard.removal", `no machine of the ${groups} ${replaced.join(" and ")} would stay`, {
    hint: "Name one that is there now among the new ones, or agree to it: --replace-all (in code, replaceAll).",
  });
}

interface Work {
  readonly tally: Tally;
  readonly leniency: Leniency;
}

/** The guards' last word before anything is done, with what is known under the lock. */
async function letPass(
  context: ClusterContext,
  { coming, going, shown }: Pick<ScalePlan, "coming" | "going" | "shown">,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<void> {
  const observed = await observe(context, true, signal);
  const leaving = leaversIn(observed, going);
  requireShown(shown, leaving);
  const joining = context.spec.machines.filter(({ name }) => coming.includes(name));
  enforce(judgeChange("remove", leaving, { ...observed, joining }), leniency.acceptNoSpare);
  await guardVolumes(context, { observed, targets: leaving }, leniency, signal);
  if (coming.length === 0) return;
  guardCount(context, await machinesByName(context, signal), coming);
  await refuseUnmakeable(context, joining, signal);
  await guardPrice(context, signal);
}

async function grow(
  context: ClusterContext,
  coming: readonly string[],
  work: Work,
  signal: AbortSignal,
): ReturnType<typeof bringAbout> {
  const wanted = context.spec.machines.filter(({ name }) => coming.includes(name));
  if (wanted.length === 0) return [];
  const existing = await machinesByName(context, signal);
  const found = wanted.some(isNodeSpec) && (await mayLead(context, existing, signal));
  const through = found ? { through: await leaderAmong(context, existing, signal) } : {};
  return await bringAbout(context, wanted, { ...work, existing, ...through }, signal);
}

/** Whether there is a swarm to join: a cluster that was never up founds its own. */
async function mayLead(
  context: ClusterContext,
  existing: Awaited<ReturnType<typeof machinesByName>>,
  signal: AbortSignal,
): Promise<boolean> {
  if (context.journal.state.swarmId !== undefined) return true;
  return (await askSwarm(context, existing, signal)).kind === "answered";
}

/** Lets machines go, and first the nodes whose machines are gone already: a manager among them counts against the majority. */
async function shrink(
  context: ClusterContext,
  going: readonly Choice[],
  { tally, leniency }: Work,
  signal: AbortSignal,
): ReturnType<typeof removeViews> {
  if (going.length === 0) return [];
  const before = await observe(context, true, signal);
  if (leaversIn(before, going).some((view) => !isPresent(view))) {
    const machines = await machinesByName(context, signal);
    const leader = await leaderAmong(context, machines, signal);
    await forgetGhosts(context, { tally, leader, machines, leniency }, signal);
    if (tally.failures.length > 0) return [];
  }
  const observed = await observe(context, true, signal);
  const targets = leaversIn(observed, going).filter(isPresent);
  if (targets.length === 0) return [];
  return await removeViews(context, { targets, whole: areAll(targets, observed) }, { tally, leniency }, signal);
}

/** What earlier commands left open is brought about by now, but for what is about machines of other groups. */
async function closeWhatIsDone({ journal, spec }: ClusterContext, targets: readonly ScaleTarget[]): Promise<void> {
  const scaled = new Set(targets.map(({ group }) => group));
  const others = new Set(spec.machines.filter(({ group }) => !scaled.has(group)).map(({ name }) => name));
  await journal.closeOpen(({ on }) => !others.has(on));
}

function goOn(targets: readonly ScaleTarget[], leniency: Leniency, { writesFile, replaceAll }: ScaleOptions): string {
  const replacing = replaceAll ? ["--replace-all"] : [];
  const words = targets.map(({ group, to }) => `${group}=${"count" in to ? to.count : to.names.join(",")}`);
  return quoteCommand(["belt", "scale", ...words, ...replacing, ...flagsOf(leniency, writesFile)]);
}
