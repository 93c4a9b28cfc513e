import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import { quoteCommand } from "../util/shell.ts";
import { type Choice, chooseLeaving, nextNames } from "./choose.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { type EditedFile, editFile, groupNames } from "./file-edit.ts";
import { enforce, judgeChange } from "./guards.ts";
import { leaderAmong } from "./leader.ts";
import type { Leniency } from "./leave.ts";
import { askSwarm, observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { isPresent, pickViews } from "./pick.ts";
import { guardVolumes, removeViews } from "./remove.ts";
import { isNodeSpec } from "./spec/types.ts";
import type { GuardReport, Observed, Outcome, Saving } from "./types.ts";
import { bringAbout } from "./up.ts";

/** What a group is to be: so many machines, or exactly these. */
export interface ScaleTarget {
  readonly group: string;
  readonly to: { readonly count: number } | { readonly names: readonly string[] };
}

/** What a new size means: who comes, who goes and why, and the file that says so. */
export interface ScalePlan {
  readonly targets: readonly ScaleTarget[];
  readonly coming: readonly string[];
  readonly going: readonly Choice[];
  readonly file: EditedFile;
  readonly guard: GuardReport;
}

/**
 * Works out what a new size of groups means, and changes nothing. What is under way counts as a machine of its group.
 *
 * @throws BeltError `usage.invalid` for a group that the file does not have; `spec.invalid` where the file would not be valid.
 */
export async function planScale(
  context: ClusterContext,
  targets: readonly ScaleTarget[],
  signal: AbortSignal,
): Promise<ScalePlan> {
  const observed = await observe(context, true, signal);
  const tasks = await taskCounts(context, signal);
  const groups = groupsOf(context);
  const taken = new Set([...groups.values()].flat().concat(observed.machines.map(({ name }) => name)));
  const wanted = new Map<string, readonly string[]>();
  const going: Choice[] = [];
  for (const { group, to } of targets) {
    const names = groups.get(group);
    if (!names) throw noGroup(group, [...groups.keys()]);
    const leaving = leavingOf(names, to, { observed, tasks });
    const gone = new Set(leaving.map(({ name }) => name));
    const stay = names.filter((name) => !gone.has(name));
    const missing = "count" in to ? to.count - stay.length : 0;
    const coming = missing > 0 ? nextNames(group, names, missing, taken) : [];
    for (const name of coming) taken.add(name);
    wanted.set(group, "names" in to ? to.names : [...stay, ...coming]);
    going.push(...leaving);
  }
  const file = await editFile(context, { kind: "groups", groups: wanted });
  const before = new Set([...groups.values()].flat());
  const coming = [...wanted.values()].flat().filter((name) => !before.has(name));
  const leavers = observed.machines.filter(isPresent).filter(({ name }) => going.some((one) => one.name === name));
  return { targets, coming, going, file, guard: judgeChange("remove", leavers, observed) };
}

/**
 * Acts on a plan: first what comes, then what goes, drained and out of the swarm before it is destroyed.
 *
 * @throws BeltError `guard.*` before anything is done.
 */
export async function scale(
  context: ClusterContext,
  { coming, going, targets, save }: ScalePlan & Saving,
  leniency: Leniency,
  signal: AbortSignal,
): Promise<Outcome> {
  const tally = new Tally(context);
  const names = going.map(({ name }) => name);
  const first = await observe(context, true, signal);
  const leaving = first.machines.filter(isPresent).filter(({ name }) => names.includes(name));
  enforce(judgeChange("remove", leaving, first), leniency.acceptNoSpare);
  await guardVolumes(context, leaving, leniency, signal);
  await save();
  const made = await grow(context, coming, { tally, leniency }, signal);
  if (tally.failures.length === 0 && leaving.length > 0) {
    const observed = await observe(context, true, signal);
    const targetsNow = pickViews(
      leaving.map(({ name }) => name),
      observed.machines,
    );
    await removeViews(context, { observed, targets: targetsNow }, { tally, leniency }, signal);
  }
  if (names.length > 0 || coming.length > 0) tally.changed = true;
  return conclude(context, tally, made, goOn(targets));
}

async function grow(
  context: ClusterContext,
  coming: readonly string[],
  work: { readonly tally: Tally; readonly leniency: Leniency },
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

interface Seen {
  readonly observed: Observed;
  readonly tasks: ReadonlyMap<string, number>;
}

function leavingOf(names: readonly string[], to: ScaleTarget["to"], { observed, tasks }: Seen): readonly Choice[] {
  if ("names" in to)
    return names.filter((name) => !to.names.includes(name)).map((name) => ({ name, why: "is not in the new range" }));
  const views = observed.machines.filter(({ name }) => names.includes(name));
  const candidates = views.map((view) => ({ view, tasks: tasks.get(view.node?.id ?? "") ?? 0 }));
  return chooseLeaving(candidates, Math.max(0, names.length - to.count));
}

async function taskCounts(context: ClusterContext, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  return answer.kind === "answered" ? await answer.by.engine.taskCounts(signal) : new Map();
}

/** The groups of the file with their machines; a group that is empty at present is there too. */
function groupsOf({ spec }: ClusterContext): ReadonlyMap<string, readonly string[]> {
  return new Map([...spec.groups.map((group) => [group, []] as const), ...groupNames(spec)]);
}

function noGroup(group: string, groups: readonly string[]): BeltError {
  const near = nearest(group, groups);
  return new BeltError("usage.invalid", `the cluster file has no group "${group}"`, {
    hint: near === undefined ? `It has ${groups.join(", ") || "none"}.` : `Did you mean ${near}?`,
  });
}

function goOn(targets: readonly ScaleTarget[]): string {
  const words = targets.map(({ group, to }) => `${group}=${"count" in to ? to.count : to.names.join(",")}`);
  return quoteCommand(["belt", "scale", ...words]);
}
