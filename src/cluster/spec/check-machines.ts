import { RangeFault } from "../../util/range-fault.ts";
import { compressNames, parseNewNames } from "../../util/ranges.ts";
import {
  type Entry,
  entriesOf,
  lookUp,
  type MapTree,
  type Path,
  type Place,
  placeInText,
  placeOf,
  problemAt,
  type ScalarTree,
  textOf,
} from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** A group's machines. */
export interface GroupMachines {
  readonly name: string;
  /** In the order written; none where the range is not valid. */
  readonly names: readonly string[];
}

/** What is wrong, what is allowed but unwise, and the groups that were read. */
export interface Checked {
  readonly groups: readonly GroupMachines[];
  readonly problems: readonly SpecProblem[];
  readonly warnings: readonly SpecProblem[];
}

/**
 * What no schema sees in the groups: ranges, machines in two groups, overrides of machines that are not there, no
 * managers, too many machines (a problem), an even number of managers (a warning).
 */
export function checkMachines(tree: MapTree): Checked {
  const problems: SpecProblem[] = [];
  const groups = entriesOf(lookUp(tree, ["groups"])).map(([name, entry]) => readGroup(name, entry, problems));
  problems.push(...sharedMachines(groups), ...groups.flatMap(checkOverrides));
  problems.push(...missingManagers(tree, groups), ...tooManyMachines(tree, groups));
  return { groups, problems, warnings: evenManagers(groups) };
}

interface Group extends GroupMachines {
  readonly entry: Entry;
  readonly role: string | undefined;
  readonly machines: ScalarTree | undefined;
  readonly valid: boolean;
}

function readGroup(name: string, entry: Entry, problems: SpecProblem[]): Group {
  const role = textOf(lookUp(entry.node, ["role"]));
  const node = lookUp(entry.node, ["machines"]);
  const machines = node?.kind === "scalar" ? node : undefined;
  const hosts = lookUp(entry.node, ["hosts"]);
  if (hosts?.kind === "map") return { name, entry, role, machines, names: [...hosts.entries.keys()], valid: true };
  const text = textOf(machines);
  if (machines === undefined || text === undefined) return { name, entry, role, machines, names: [], valid: false };
  const read = readRange(text, (offset) => placeInText(machines, offset), ["groups", name, "machines"]);
  if (read.kind === "names") return { name, entry, role, machines, names: read.names, valid: true };
  problems.push(read.problem);
  return { name, entry, role, machines, names: [], valid: false };
}

type ReadRange =
  | { readonly kind: "names"; readonly names: readonly string[] }
  | { readonly kind: "problem"; readonly problem: SpecProblem };

function readRange(text: string, placeAt: (offset: number) => Place, path: Path): ReadRange {
  try {
    return { kind: "names", names: text.trim() === "" ? [] : parseNewNames(text) };
  } catch (error) {
    if (!(error instanceof RangeFault)) throw error;
    const hint = error.hint === undefined ? "" : `: ${error.hint}`;
    return { kind: "problem", problem: problemAt(placeAt(error.at), path, `${error.says}${hint}`) };
  }
}

function sharedMachines(groups: readonly Group[]): readonly SpecProblem[] {
  const owners = new Map<string, Group>();
  return groups.flatMap((group) => {
    const shared = new Map<Group, string[]>();
    for (const name of group.names) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, group);
      else shared.set(owner, [...(shared.get(owner) ?? []), name]);
    }
    return [...shared].map(([owner, names]) =>
      problemAt(
        machinesPlace(group),
        ["groups", group.name, "machines"],
        `${compressNames(names)} ${names.length === 1 ? "is" : "are"} in the group "${owner.name}" already (line ${machinesPlace(owner).line})`,
      ),
    );
  });
}

function checkOverrides(group: Group): readonly SpecProblem[] {
  const seen = new Map<string, string>();
  return entriesOf(lookUp(group.entry.node, ["overrides"])).flatMap(([key, entry]) => {
    const path = ["groups", group.name, "overrides", key];
    const start = entry.keyTextPlace;
    const read = readRange(key, (offset) => ({ ...start, column: start.column + offset }), path);
    if (read.kind === "problem") return [read.problem];
    const strangers = read.names.filter((name) => group.valid && !group.names.includes(name));
    const twice = read.names.filter((name) => seen.has(name));
    for (const name of read.names) seen.set(name, key);
    const problems: SpecProblem[] = [];
    if (strangers.length > 0)
      problems.push(
        problemAt(
          start,
          path,
          `${compressNames(strangers)} ${strangers.length === 1 ? "is" : "are"} not in the group "${group.name}"`,
        ),
      );
    if (twice.length > 0)
      problems.push(
        problemAt(
          start,
          path,
          `${compressNames(twice)} ${twice.length === 1 ? "is" : "are"} in another override of this group already`,
        ),
      );
    return problems;
  });
}

function missingManagers(tree: MapTree, groups: readonly Group[]): readonly SpecProblem[] {
  const known = groups.every((group) => group.role !== undefined && isRole(group.role));
  const needed = groups.some((group) => group.role === "worker" && (!group.valid || group.names.length > 0));
  const there = groups.some((group) => group.role === "manager" && (!group.valid || group.names.length > 0));
  if (!known || !needed || there) return [];
  return [
    problemAt(
      placeOf(tree, ["groups"]),
      ["groups"],
      groups.some((group) => group.role === "manager")
        ? "the groups of managers are empty: a swarm needs one manager at least"
        : "no group has the role manager: a swarm needs one manager at least",
    ),
  ];
}

function isRole(role: string): boolean {
  return ["manager", "worker", "none", "bare"].includes(role);
}

function tooManyMachines(tree: MapTree, groups: readonly Group[]): readonly SpecProblem[] {
  const path = ["limits", "maxMachines"];
  const node = lookUp(tree, path);
  const value = node?.kind === "scalar" ? node.value : DEFAULT_MAX_MACHINES;
  const count = groups.reduce((sum, group) => sum + group.names.length, 0);
  if (typeof value !== "number" || value < 1 || count <= value) return [];
  const place = node === undefined ? placeOf(tree, ["groups"]) : placeOf(tree, path);
  return [problemAt(place, path, `the groups have ${count} machines, and maxMachines is ${value}`)];
}

const DEFAULT_MAX_MACHINES = 200;

function evenManagers(groups: readonly Group[]): readonly SpecProblem[] {
  const managers = groups.filter((group) => group.role === "manager");
  const count = managers.reduce((sum, group) => sum + group.names.length, 0);
  const last = managers.at(-1);
  if (last === undefined || count === 0 || count % 2 === 1) return [];
  const message = `${count} managers survive no more failures than ${count - 1}: the swarm needs a majority of them; use an odd number`;
  return [problemAt(machinesPlace(last), ["groups", last.name, "machines"], message)];
}

function machinesPlace(group: Group): Place {
  return group.machines?.place ?? group.entry.keyPlace;
}
