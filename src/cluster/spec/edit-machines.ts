import { type Document, isMap, isNode, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import { BeltError } from "../../util/errors.ts";
import { compressNames, parseRange } from "../../util/ranges.ts";
import { looseMachines } from "../loose.ts";
import { setInClusterFile } from "./edit.ts";
import { guardVariables } from "./guard-variables.ts";
import type { GroupRole } from "./types.ts";

/** A group's machines by name, as the cluster file that is edited is read. */
export type GroupNames = ReadonlyMap<string, readonly string[]>;

/** Machines to add to a group, which is made if it is not there. */
export interface Addition {
  readonly group: string;
  readonly role: GroupRole;
  readonly names: readonly string[];
  readonly size: string | undefined;
}

/**
 * Writes which machines a group has: as ranges, in place of what stands there. Overrides of those that it has no more go. A
 * group that is left without machines stays, with all that it says of those to come, unless it was only made for machines by name.
 *
 * @throws BeltError `usage.invalid` where a variable or an alias stands there, which a person must change.
 */
export function setGroupMachines(text: string, group: string, names: readonly string[]): string {
  if (names.length === 0 && isMadeByName(text, group)) return withoutGroup(text, group);
  if (hasHosts(text, group)) return keepHosts(text, group, names);
  refuseIndirect(text, ["groups", group, "machines"]);
  const members = new Set(names);
  const trimmed = editOverrides(text, group, (some) => some.filter((name) => members.has(name)));
  return setInClusterFile(trimmed, [[["groups", group, "machines"], compressNames(names)]]);
}

/** Adds machines to a group, or makes the group; a size other than the group's goes into its overrides. */
export function addMachines(text: string, groups: GroupNames, addition: Addition): string {
  const { group, role, names, size } = addition;
  const there = groups.get(group);
  if (there === undefined || read(text).document.getIn(["groups", group]) === undefined) {
    const made = setInClusterFile(text, [
      [["groups", group, "role"], role],
      [["groups", group, "machines"], compressNames(names)],
    ]);
    return size === undefined ? made : setInClusterFile(made, [[["groups", group, "size"], size]]);
  }
  const grown = setGroupMachines(text, group, [...there, ...names]);
  if (size === undefined || textAt(grown, ["groups", group, "size"]) === size) return grown;
  return setInClusterFile(grown, [[["groups", group, "overrides", compressNames(names), "size"], size]]);
}

/** Takes machines out of every group that has them, and out of the overrides; see {@link setGroupMachines} for what is left. */
export function removeMachines(text: string, groups: GroupNames, names: readonly string[]): string {
  const gone = new Set(names);
  let result = text;
  for (const [group, there] of groups) {
    if (!there.some((name) => gone.has(name))) continue;
    const left = there.filter((name) => !gone.has(name));
    result = setGroupMachines(result, group, left);
  }
  return result;
}

/** Gives machines a size: the group's where it is about all of the group, else an override. */
export function setSize(text: string, groups: GroupNames, names: readonly string[], size: string): string {
  const meant = new Set(names);
  let result = text;
  for (const [group, there] of groups) {
    const some = there.filter((name) => meant.has(name));
    if (some.length === 0) continue;
    result = withoutOverrideSizes(result, group, new Set(some));
    const at = some.length === there.length ? ["size"] : ["overrides", compressNames(some), "size"];
    result = setInClusterFile(result, [[["groups", group, ...at], size]]);
  }
  return result;
}

/** What `belt create` writes of a group. */
const keysByName: ReadonlySet<string> = new Set(["role", "machines", "size", "overrides"]);

/** Whether a group holds machines that were made by name, and says nothing that a person wrote. */
function isMadeByName(text: string, group: string): boolean {
  const node = read(text).document.getIn(["groups", group]);
  if (!isMap(node) || !node.items.every(({ key }) => isScalar(key) && keysByName.has(String(key.value)))) return false;
  return [true, false].map(looseMachines).some((made) => made.group === group && made.role === node.get("role"));
}

function withoutGroup(text: string, group: string): string {
  const { document, restore } = read(text);
  document.deleteIn(["groups", group]);
  return restore(document.toString({ lineWidth: 0 }));
}

function hasHosts(text: string, group: string): boolean {
  return isMap(read(text).document.getIn(["groups", group, "hosts"]));
}

/** Takes hosts out of a group that lists them; a host that it has not must be described by a person. */
function keepHosts(text: string, group: string, names: readonly string[]): string {
  const { document, restore, guarded } = read(text);
  const hosts = document.getIn(["groups", group, "hosts"]);
  if (!isMap(hosts)) return text;
  const there = hosts.items.map(({ key }) => String(isScalar(key) ? key.value : key));
  const [unknown] = names.filter((name) => !there.includes(name));
  if (unknown !== undefined)
    throw new BeltError("usage.invalid", `the group ${group} lists hosts that exist, and ${unknown} is none of them`, {
      hint: `Describe it in the cluster file: groups.${group}.hosts.${unknown}, with its address.`,
    });
  const members = new Set(names);
  const gone = new Set(there.filter((name) => !members.has(name)));
  if (gone.size === 0) return text;
  const trimmed = withoutLines(guarded, hosts, gone) ?? withoutKeys(document, hosts, gone);
  return editOverrides(restore(trimmed), group, (some) => some.filter((name) => members.has(name)));
}

/** The text without whole entries of a block map; `undefined` where it is written in braces, or nothing would be left of it. */
function withoutLines(text: string, map: YAMLMap, gone: ReadonlySet<string>): string | undefined {
  if (map.flow === true || map.items.length === gone.size) return undefined;
  const starts = map.items.map(({ key }) => lineStart(text, (isNode(key) ? key.range?.[0] : undefined) ?? 0));
  const end = map.range?.[2] ?? text.length;
  const kept = map.items.flatMap(({ key }, index) =>
    gone.has(String(isScalar(key) ? key.value : key)) ? [] : [text.slice(starts[index], starts[index + 1] ?? end)],
  );
  return `${text.slice(0, starts[0])}${kept.join("")}${text.slice(end)}`;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

function withoutKeys(document: Document, map: YAMLMap, gone: ReadonlySet<string>): string {
  for (const name of gone) map.delete(name);
  return document.toString({ lineWidth: 0 });
}

/** Splits overrides so that these machines have no size in them, and keep what else stands there. */
function withoutOverrideSizes(text: string, group: string, meant: ReadonlySet<string>): string {
  return eachOverride(text, group, ({ pair, names, put, drop }) => {
    const mine = names.filter((name) => meant.has(name));
    if (mine.length === 0 || !isMap(pair.value) || !pair.value.has("size")) return;
    const { size: _, ...rest } = Object(pair.value.toJSON());
    const others = names.filter((name) => !meant.has(name));
    if (others.length > 0) {
      rename(pair.key, others);
      if (Object.keys(rest).length > 0) put(mine, rest);
      return;
    }
    pair.value.delete("size");
    if (pair.value.items.length === 0) drop();
  });
}

function editOverrides(text: string, group: string, keep: (names: readonly string[]) => readonly string[]): string {
  return eachOverride(text, group, ({ pair, names, drop }) => {
    const left = keep(names);
    if (left.length === 0) drop();
    else if (left.length < names.length) rename(pair.key, left);
  });
}

/** One entry of a group's overrides, and what can be done with it. */
interface Override {
  readonly pair: Pair;
  readonly names: readonly string[];
  readonly put: (names: readonly string[], value: unknown) => void;
  readonly drop: () => void;
}

/** Lets every override of a group be edited. A text in which nothing was changed comes back as it was. */
function eachOverride(text: string, group: string, edit: (override: Override) => void): string {
  const { document, restore } = read(text);
  const path = ["groups", group, "overrides"];
  const overrides = document.getIn(path);
  if (!isMap(overrides)) return text;
  const before = document.toString({ lineWidth: 0 });
  for (const pair of [...overrides.items])
    edit({
      pair,
      names: parseRange(String(isScalar(pair.key) ? pair.key.value : pair.key)),
      put: (names, value) => document.setIn([...path, compressNames(names)], document.createNode(value)),
      drop: () => overrides.items.splice(overrides.items.indexOf(pair), 1),
    });
  dropEmpty(document, path);
  const after = document.toString({ lineWidth: 0 });
  return after === before ? text : restore(after);
}

function rename(key: unknown, names: readonly string[]): void {
  if (isScalar(key)) key.value = compressNames(names);
}

function dropEmpty(document: Document, path: readonly string[]): void {
  const node = document.getIn(path);
  if (isMap(node) && node.items.length === 0) document.deleteIn(path);
}

function read(text: string): { document: Document; restore: (text: string) => string; guarded: string } {
  const guarded = guardVariables(text);
  return { document: parseDocument(guarded.text), restore: guarded.restore, guarded: guarded.text };
}

/** A plain value of the file, if there is one. */
function textAt(text: string, path: readonly string[]): string | undefined {
  const { document, restore } = read(text);
  const node = document.getIn(path, true);
  return isScalar(node) ? restore(String(node.value)) : undefined;
}

function refuseIndirect(text: string, path: readonly string[]): void {
  const { document, restore } = read(text);
  const node = document.getIn(path, true);
  const source = isScalar(node) ? restore(String(node.source ?? "")) : "";
  const isAlias = node !== undefined && node !== null && !isScalar(node);
  if (!isAlias && !source.includes("${")) return;
  throw new BeltError(
    "usage.invalid",
    `${path.join(".")} is ${isAlias ? "an alias" : `made from a variable (${source})`}`,
    {
      hint: "Change the cluster file by hand, or use --no-file.",
    },
  );
}
