import type { Shortage } from "../swarm/shortage.ts";
import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import { askSwarm } from "./ask-swarm.ts";
import { type Choice, chooseLeaving, nextNames } from "./choose.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { boundVolumes } from "./data-guard.ts";
import { type EditedFile, editFile, groupNames } from "./file-edit.ts";
import { looseNodes } from "./findings.ts";
import { guardCount, judgeChange } from "./guards.ts";
import { observeClear } from "./observe.ts";
import { isPresent } from "./pick.ts";
import { plan } from "./plan.ts";
import { serviceShortages } from "./shortages.ts";
import { idsOf, type Shown } from "./shown.ts";
import { type ClusterSpec, isNodeSpec } from "./spec/types.ts";
import type { ChangeAction, GuardReport, MachineView, Observed } from "./types.ts";

/** What a group is to be: so many machines, or exactly these. */
export interface ScaleTarget {
  readonly group: string;
  readonly to: { readonly count: number } | { readonly names: readonly string[] };
}

/** What a new size means: who comes, who goes and why, the file that says so, and what the guards say to it. */
export interface ScalePlan {
  readonly targets: readonly ScaleTarget[];
  readonly coming: readonly string[];
  readonly going: readonly Choice[];
  /** The machines that go, as they were when this was worked out. */
  readonly shown: Shown;
  /** The groups of which no machine that is there now would stay: to scale them wants an agreement of its own. */
  readonly replaced: readonly string[];
  readonly file: EditedFile;
  /** About the managers that go, once those that come are there. */
  readonly guard: GuardReport;
  /** What keeps machines that are to go where they are: a sentence for each that names services and volumes. */
  readonly bound: readonly string[];
  /** The services that will be short once they have gone. */
  readonly shortages: readonly Shortage[];
}

/**
 * Works out what a new size of groups means, and changes nothing. What is under way, and what is there without being named by
 * the file, counts as a machine of its group.
 *
 * @throws BeltError `usage.invalid` for a group that the file does not have; `guard.limit`; `spec.invalid` where the file would
 * not be valid.
 */
export async function planScale(
  context: ClusterContext,
  targets: readonly ScaleTarget[],
  signal: AbortSignal,
): Promise<ScalePlan> {
  const observed = await observeClear(context, signal);
  const groups = groupsOf(context);
  const taken = new Set([...groups.values()].flat().concat(observed.machines.map(({ name }) => name)));
  const scene: Scene = { observed, taken, spec: context.spec, tasks: await taskCounts(context, signal) };
  const wanted = new Map<string, readonly string[]>();
  const going: Choice[] = [];
  const replaced: string[] = [];
  for (const target of targets) {
    const names = groups.get(target.group);
    if (!names) throw noGroup(target.group, [...groups.keys()]);
    const scaled = scaleGroup(target, names, scene);
    wanted.set(target.group, scaled.names);
    going.push(...scaled.going);
    if (scaled.isReplaced) replaced.push(target.group);
  }
  await guardNewcomers(context, new Map([...groups, ...wanted]), signal);
  const file = await editFile(context, { kind: "groups", groups: wanted });
  const coming = unfinished(file.spec, observed, new Set([...wanted.values()].flat()));
  const leaving = leaversIn(observed, going);
  const joining = file.spec.machines.filter(({ name }) => coming.includes(name));
  const guard = judgeChange("remove", leaving, { ...observed, joining });
  return {
    targets,
    coming,
    going,
    shown: idsOf(leaving),
    replaced,
    file,
    guard,
    bound: await boundVolumes(context, { observed, targets: leaving }, signal),
    shortages: await serviceShortages(context, { observed, targets: leaving, joining }, signal),
  };
}

/** Those that go and are there in any way: as a machine, or as a node whose machine is gone, also where the file names it no more. */
export function leaversIn(observed: Observed, going: readonly Choice[]): readonly MachineView[] {
  const names = new Set(going.map(({ name }) => name));
  const ghosts = looseNodes(observed).filter(({ hostname }) => names.has(hostname));
  return [
    ...observed.machines.filter((view) => isPresent(view) && names.has(view.name)),
    ...ghosts.map(({ hostname: name, role }) => ({
      ...{ name, role, group: "", provider: "" },
      ...{ machine: undefined, node: undefined },
    })),
  ];
}

interface Scene {
  readonly observed: Observed;
  readonly spec: ClusterSpec;
  /** How many tasks run on each node, by its id; absent where no manager answers. */
  readonly tasks: ReadonlyMap<string, number> | undefined;
  /** Names that are in use; those that are given are added. */
  readonly taken: Set<string>;
}

interface ScaledGroup {
  readonly names: readonly string[];
  readonly going: readonly Choice[];
  readonly isReplaced: boolean;
}

/** The names that a group has from now on, and who goes. Machines of the group that its range does not name are members too. */
function scaleGroup(target: ScaleTarget, names: readonly string[], scene: Scene): ScaledGroup {
  const { group, to } = target;
  const present = scene.observed.machines.filter((view) => isPresent(view) && view.group === group);
  const members = [...new Set([...names, ...present.map(({ name }) => name)])];
  const going = leavingOf(target, { members, names }, scene);
  if ("names" in to) {
    const isReplaced =
      to.names.length > 0 && present.length > 0 && present.every(({ name }) => !to.names.includes(name));
    return { names: to.names, going, isReplaced };
  }
  const gone = new Set(going.map(({ name }) => name));
  const stay = members.filter((name) => !gone.has(name));
  const missing = to.count - stay.length;
  const coming = missing > 0 ? nextNames(group, members, missing, scene.taken) : [];
  for (const name of coming) scene.taken.add(name);
  return { names: [...stay, ...coming], going, isReplaced: false };
}

function leavingOf(
  { group, to }: ScaleTarget,
  { members, names }: { readonly members: readonly string[]; readonly names: readonly string[] },
  { observed, tasks, spec }: Scene,
): readonly Choice[] {
  if ("names" in to)
    return members
      .filter((name) => !to.names.includes(name))
      .map((name) => ({ name, why: names.includes(name) ? "not in the new range" : "not in the file" }));
  const joins = spec.machines.some((machine) => machine.group === group && isNodeSpec(machine));
  const candidates = observed.machines
    .filter(({ name }) => members.includes(name))
    .map((view) => ({
      view,
      tasks: tasks && (tasks.get(view.node?.id ?? "") ?? 0),
      isNamed: names.includes(view.name),
      isExpected: joins && observed.nodes !== undefined,
    }));
  return chooseLeaving(candidates, Math.max(0, members.length - to.count));
}

/** Refuses more machines than the file allows, also for as long as new ones stand beside those that go. @throws BeltError `guard.limit` */
async function guardNewcomers(
  context: ClusterContext,
  groups: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<void> {
  const existing = await machinesByName(context, signal);
  const wanted = [...groups.values()].flat();
  if (wanted.some((name) => !existing.has(name))) guardCount(context, existing, wanted);
}

/** Which of these machines are not yet all that the file says: those that are not there, and those that were left half way. */
function unfinished(spec: ClusterSpec, observed: Observed, names: ReadonlySet<string>): readonly string[] {
  const changes = plan(spec, observed).filter(({ action }) => adding.has(action));
  return [...new Set(changes.map(({ machine }) => machine))].filter((name) => names.has(name));
}

const adding: ReadonlySet<ChangeAction> = new Set([
  "create",
  "start",
  "bootstrap",
  "join",
  "label",
  "availability",
  "promote",
]);

async function taskCounts(
  context: ClusterContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number> | undefined> {
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  return answer.kind === "answered" ? await answer.by.engine.taskCounts(signal) : undefined;
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
