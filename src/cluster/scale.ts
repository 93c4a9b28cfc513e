import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import { quoteCommand } from "../util/shell.ts";
import { type Choice, chooseLeaving, nextNames } from "./choose.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { type EditedFile, editFile, groupNames } from "./file-edit.ts";
import { enforce, judgeChange } from "./guards.ts";
import { leaderAmong } from "./leader.ts";
import type { Leniency } from "./leniency.ts";
import { askSwarm, observe } from "./observe.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { isPresent, pickViews } from "./pick.ts";
import { plan } from "./plan.ts";
import { guardVolumes, removeViews } from "./remove.ts";
import { type ClusterSpec, isNodeSpec } from "./spec/types.ts";
import type { ChangeAction, GuardReport, Observed, Outcome, Saving } from "./types.ts";
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
  const seen = { observed, tasks: await taskCounts(context, signal) };
  const groups = groupsOf(context);
  const taken = new Set([...groups.values()].flat().concat(observed.machines.map(({ name }) => name)));
  const wanted = new Map<string, readonly string[]>();
  const going: Choice[] = [];
  for (const target of targets) {
    const names = groups.get(target.group);
    if (!names) throw noGroup(target.group, [...groups.keys()]);
    const scaled = scaleGroup(target, names, { ...seen, taken });
    wanted.set(target.group, scaled.names);
    going.push(...scaled.going);
  }
  const file = await editFile(context, { kind: "groups", groups: wanted });
  const coming = unfinished(file.spec, observed, new Set([...wanted.values()].flat()));
  const leavers = observed.machines.filter(isPresent).filter(({ name }) => going.some((one) => one.name === name));
  return { targets, coming, going, file, guard: judgeChange("remove", leavers, observed) };
}

/** Which of these machines are not yet all that the file says: those that are not there, and those that were left half way. */
function unfinished(spec: ClusterSpec, observed: Observed, names: ReadonlySet<string>): readonly string[] {
  const changes = plan(spec, observed).filter(({ action }) => adding.has(action));
  return [...new Set(changes.map(({ machine }) => machine))].filter((name) => names.has(name));
}

const adding: ReadonlySet<ChangeAction> = new Set(["create", "start", "bootstrap", "join", "label", "availability"]);

interface Scene extends Seen {
  /** Names that are in use; those that are given are added. */
  readonly taken: Set<string>;
}

/** The names that a group has from now on, and who goes; machines of the group that its range does not name go too. */
function scaleGroup(
  { group, to }: ScaleTarget,
  names: readonly string[],
  scene: Scene,
): { readonly names: readonly string[]; readonly going: readonly Choice[] } {
  const leaving = leavingOf(names, to, scene);
  const gone = new Set(leaving.map(({ name }) => name));
  const stay = names.filter((name) => !gone.has(name));
  const missing = "count" in to ? to.count - stay.length : 0;
  const coming = missing > 0 ? nextNames(group, names, missing, scene.taken) : [];
  for (const name of coming) scene.taken.add(name);
  const now = "names" in to ? to.names : [...stay, ...coming];
  const unnamed = scene.observed.machines.filter(
    (view) => view.machine && view.group === group && !names.includes(view.name) && !now.includes(view.name),
  );
  return { names: now, going: [...leaving, ...unnamed.map(({ name }) => ({ name, why: "the file does not name" }))] };
}

/**
 * Acts on a plan: first what comes, then what goes, drained and out of the swarm before it is destroyed.
 *
 * @throws BeltError `guard.*` before anything is done.
 */
export async function scale(
  context: ClusterContext,
  { coming, going, targets, file, save }: ScalePlan & Saving,
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
  if (file.change.before !== file.change.after) tally.changed = true;
  const made = await grow(context, coming, { tally, leniency }, signal);
  if (tally.failures.length === 0 && leaving.length > 0) {
    const observed = await observe(context, true, signal);
    const targetsNow = pickViews(
      leaving.map(({ name }) => name),
      observed.machines,
    );
    await removeViews(context, { observed, targets: targetsNow }, { tally, leniency }, signal);
  }
  if (tally.failures.length === 0) await closeWhatIsDone(context, targets);
  return conclude(context, tally, made, goOn(targets));
}

/** What earlier commands left open is brought about by now, but for what is about machines of other groups. */
async function closeWhatIsDone({ journal, spec }: ClusterContext, targets: readonly ScaleTarget[]): Promise<void> {
  const scaled = new Set(targets.map(({ group }) => group));
  const others = new Set(spec.machines.filter(({ group }) => !scaled.has(group)).map(({ name }) => name));
  await journal.closeOpen(new Set(journal.state.open.map(({ on }) => on).filter((on) => !others.has(on))));
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
