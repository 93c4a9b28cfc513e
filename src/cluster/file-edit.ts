import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere, writeFileAtomic } from "../util/files.ts";
import { quoteWord } from "../util/shell.ts";
import { type ClusterContext, emit } from "./context.ts";
import { paramsOf } from "./given.ts";
import { fullSchema, parseText, readSpecText } from "./load-spec.ts";
import { looseMachines } from "./loose.ts";
import { setInClusterFile } from "./spec/edit.ts";
import { addMachines, type GroupNames, removeMachines, setGroupMachines, setSize } from "./spec/edit-machines.ts";
import { resolveSetting } from "./spec/settings.ts";
import type { ClusterSpec } from "./spec/types.ts";

/** How a file begins that was made from a template when the cluster was first changed. */
export const templateHeader = "# Made from the built-in template";

/** What to change in the cluster file. */
export type FileEdit =
  /** Machines that no group has yet, into a group of machines without a place in the swarm. */
  | {
      readonly kind: "add";
      readonly names: readonly string[];
      readonly size: string | undefined;
      readonly bare: boolean;
    }
  | { readonly kind: "remove"; readonly names: readonly string[] }
  | { readonly kind: "size"; readonly names: readonly string[]; readonly size: string }
  /** Which machines groups have from now on. */
  | { readonly kind: "groups"; readonly groups: GroupNames }
  /** Keys by their path (`protect`, `engine.version`), or single words as options of the provider (`region`). */
  | { readonly kind: "set"; readonly settings: readonly { readonly key: string; readonly value: string }[] };

/** A file before and after it was changed. */
export interface FileChange {
  readonly path: string;
  /** Empty for a file that is not there yet. */
  readonly before: string;
  readonly after: string;
}

/** A cluster file as it will be, read and found valid; nothing is written yet. */
export interface EditedFile {
  readonly change: FileChange;
  readonly spec: ClusterSpec;
}

/**
 * Works out a change of the cluster file, comments and order kept. A cluster that was made from a built-in template gets a file
 * of its own.
 *
 * @throws BeltError `spec.invalid` when the file would not be valid afterwards, `usage.invalid` where it cannot be edited, `usage.renamed` where
 * it would name another cluster.
 */
export async function editFile(context: ClusterContext, edit: FileEdit): Promise<EditedFile> {
  if (context.stale) throw context.stale;
  const { source, deps, folder, spec } = context;
  const file = source.kind === "file" ? source.path : folder.ownFile;
  const { text, file: name } = await readSpecText(source, deps.cwd);
  const isNew = source.kind === "template" || (await readTextIfThere(file)) === undefined;
  const written = source.kind === "template" ? `${templateHeader} ${source.name}.\n${text}` : text;
  const after = await apply(edit, written, context);
  if (after === written) return { change: { path: file, before: isNew ? "" : text, after: isNew ? "" : text }, spec };
  const label = source.kind === "file" ? name : path.relative(deps.cwd, file);
  const read = paramsOf(context.given, deps.env);
  const edited = { file: label, text: after, folder: path.dirname(file) };
  const changed = await parseText(edited, read.sets, { ...deps, env: read.env });
  if (read.sets.length > 0 && isDeepStrictEqual(changed, spec)) throw overridden(read.sets);
  if (changed.name !== spec.name)
    throw new BeltError("usage.renamed", `a cluster keeps its name: ${spec.name} cannot become ${changed.name}`, {
      hint: "To have a cluster of another name, give a file of its own to belt up.",
    });
  return { change: { path: file, before: isNew ? "" : text, after }, spec: changed };
}

/** An edit that changes nothing, since the cluster was brought up with another value for the same key. */
function overridden(sets: readonly string[]): BeltError {
  const [first = ""] = sets;
  return new BeltError(
    "usage.invalid",
    `the file would not count: the cluster was brought up with --set ${sets.join(" --set ")}`,
    {
      hint: `Forget that first: belt up --unset ${quoteWord(first.split("=", 1)[0] ?? first)}`,
    },
  );
}

/**
 * Writes the file, under the cluster's lock.
 *
 * @throws BeltError `usage.invalid` when somebody changed it since it was read.
 */
export async function writeEdited(context: ClusterContext, { change }: EditedFile): Promise<void> {
  const { path: file, before, after } = change;
  if (before === after) return;
  if (((await readTextIfThere(file)) ?? "") !== before)
    throw new BeltError("usage.invalid", `${file} was changed meanwhile`, { hint: "Run the same command again." });
  await writeFileAtomic(file, after, 0o644);
  emit(context, { event: "file-changed", path: file });
}

/** The context as it is once the file has been written. */
export function withEdited(context: ClusterContext, { change, spec }: EditedFile): ClusterContext {
  const isWritten = change.before !== change.after || context.source.kind === "file";
  return isWritten ? { ...context, spec, source: { kind: "file", path: change.path } } : context;
}

/** The machines of each group of a cluster file, in their order. */
export function groupNames({ machines }: ClusterSpec): Map<string, readonly string[]> {
  const groups = Map.groupBy(machines, ({ group }) => group);
  return new Map([...groups].map(([group, some]) => [group, some.map(({ name }) => name)]));
}

async function apply(edit: FileEdit, text: string, { spec, deps }: ClusterContext): Promise<string> {
  const groups = groupNames(spec);
  switch (edit.kind) {
    case "add": {
      const fresh = edit.names.filter((name) => !spec.machines.some((machine) => machine.name === name));
      return fresh.length === 0
        ? text
        : addMachines(text, groups, { ...looseMachines(edit.bare), names: fresh, size: edit.size });
    }
    case "remove":
      return removeMachines(text, groups, edit.names);
    case "size":
      return setSize(text, groups, edit.names, edit.size);
    case "groups":
      return [...edit.groups].reduce((current, [group, names]) => setGroupMachines(current, group, names), text);
    case "set": {
      const schema = await fullSchema(deps.providers, [spec.provider]);
      const keys = edit.settings.map(({ key, value }) => resolveSetting(schema, spec.provider, { key, word: value }));
      return setInClusterFile(text, keys);
    }
  }
}
