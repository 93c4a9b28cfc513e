import type { z } from "zod";
import { nearest } from "../../util/nearest.ts";
import { checkFirewall } from "./check-firewall.ts";
import { checkHosts } from "./check-hosts.ts";
import { checkImages } from "./check-images.ts";
import { checkMachines } from "./check-machines.ts";
import { checkSettings } from "./check-settings.ts";
import { checkWishes } from "./check-wishes.ts";
import { checkZones } from "./check-zones.ts";
import { hideValues } from "./hide-values.ts";
import { describeIssues } from "./issues.ts";
import { clusterFileJsonSchema } from "./json-schema.ts";
import { type Deferred, findDeferred } from "./not-yet.ts";
import { parseTree } from "./parse-tree.ts";
import { sortProblems } from "./problems.ts";
import { type PluginOptions, readProviders } from "./provider-blocks.ts";
import { readProviderPaths } from "./provider-paths.ts";
import { readDocument } from "./read-document.ts";
import { clusterFile } from "./schema.ts";
import { applySets, parseSets, type Sets } from "./sets.ts";
import { toSpec } from "./to-spec.ts";
import { type MapTree, problemAt } from "./tree.ts";
import type { ClusterSpec, SpecProblem } from "./types.ts";
import { substitute } from "./variables.ts";

type Plugins = Readonly<Record<string, () => Promise<PluginOptions>>>;

/** A cluster file and what it is read with. */
export interface SpecInput {
  /** The file's name, for messages. */
  readonly file: string;
  readonly text: string;
  /** Fills `${VAR}`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The words after each `--set`: see `parseSets`. */
  readonly sets: readonly string[];
  /** Loads a provider's plugin; only those that the file names are loaded. The registry fits. */
  readonly providers: Plugins;
  /** All providers that there are, those by others included, where the file names these by path. `providers` alone unless given. */
  readonly findProviders?: (paths: Readonly<Record<string, string>>) => Promise<Plugins>;
}

/** A valid cluster file, or all that is wrong with it, in the order of the file. Warnings refuse nothing. */
export type ParsedSpec =
  | {
      readonly kind: "spec";
      readonly spec: ClusterSpec;
      readonly warnings: readonly SpecProblem[];
      /** The names of the variables that it has. */
      readonly asked: readonly string[];
    }
  | { readonly kind: "problems"; readonly problems: readonly SpecProblem[]; readonly warnings: readonly SpecProblem[] };

/** Reads a cluster file: YAML, `--set`, variables, the format's and the providers' schemas, and what no schema sees. Rejects only where a plugin cannot be loaded. */
export async function parseSpec(input: SpecInput): Promise<ParsedSpec> {
  const filled = fillIn(input);
  const parsed = await readFilled(input, filled);
  const hide = (problems: readonly SpecProblem[]) => hideValues(problems, filled.values);
  const warnings = hide(parsed.warnings);
  return parsed.kind === "spec"
    ? { ...parsed, warnings }
    : { kind: "problems", problems: hide(parsed.problems), warnings };
}

async function readFilled(input: SpecInput, filled: Filled): Promise<ParsedSpec> {
  if (filled.tree === undefined) return refused(filled.problems, []);
  const declared = readProviderPaths(filled.tree, Object.keys(input.providers));
  const providers = (await input.findProviders?.(declared.paths)) ?? input.providers;
  const deferred = findDeferred(filled.tree);
  const blocks = await readProviders(filled.tree, providers, deferred.paths);
  const read = readFile(blocks.rest, deferred, blocks.options);
  const machines = checkMachines(filled.tree);
  const later = [
    ...deferred.problems,
    ...declared.problems,
    ...blocks.problems,
    ...read.problems,
    ...machines.problems,
    ...checkHosts(filled.tree),
    ...checkSettings(filled.tree),
    ...checkFirewall(filled.tree, blocks),
    ...checkImages(filled.tree, blocks),
    ...checkZones(filled.tree, blocks),
    ...checkWishes(filled.tree, machines.groups, blocks),
  ];
  const unfilled = new Set(filled.problems.map(({ key }) => key).filter((key) => key !== ""));
  const problems = [...filled.problems, ...later.filter(({ key }) => !unfilled.has(key))];
  const warnings = sortProblems(machines.warnings);
  if (problems.length > 0 || read.file === undefined) return refused(problems, warnings);
  return { kind: "spec", spec: toSpec(read.file, blocks.values), warnings, asked: filled.asked };
}

function refused(problems: readonly SpecProblem[], warnings: readonly SpecProblem[]): ParsedSpec {
  return { kind: "problems", problems: sortProblems(problems), warnings };
}

interface Filled {
  readonly tree: MapTree | undefined;
  readonly problems: readonly SpecProblem[];
  /** The values that the environment gave to variables of the file, by their names. */
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly asked: readonly string[];
}

/** The document with `--set` and variables filled in. */
function fillIn(input: SpecInput): Filled {
  const read = readDocument(input.file, input.text);
  const sets = parseSets(input.sets);
  if (read.tree === undefined)
    return { tree: undefined, problems: [...read.problems, ...sets.problems], values: {}, asked: [] };
  const changed = applySets(read.tree, sets.paths);
  const filled = substitute(changed.tree, { given: sets.variables, env: input.env });
  const unused = unusedVariables(sets, filled.asked, input.file);
  const fromEnv = [...filled.asked].filter((name) => !sets.variables.has(name));
  return {
    tree: filled.tree,
    asked: [...filled.asked],
    values: Object.fromEntries(fromEnv.map((name) => [name, input.env[name]])),
    problems: [...read.problems, ...sets.problems, ...changed.problems, ...filled.problems, ...unused],
  };
}

function unusedVariables(sets: Sets, asked: ReadonlySet<string>, file: string): readonly SpecProblem[] {
  return [...sets.variablePlaces].flatMap(([name, place]) => {
    if (asked.has(name)) return [];
    const near = nearest(name, asked);
    const meant = near === undefined ? "" : `; did you mean ${near}?`;
    return [problemAt(place, [], `${file} has no \${${name}}${meant}`)];
  });
}

interface ReadFile {
  readonly file: z.output<typeof clusterFile> | undefined;
  readonly problems: readonly SpecProblem[];
}

function readFile(tree: MapTree, deferred: Deferred, options: Readonly<Record<string, z.ZodType>>): ReadFile {
  const result = parseTree(clusterFile, tree);
  if (result.success) return { file: result.data, problems: [] };
  const context = { tree, schema: () => clusterFileJsonSchema(options), answered: deferred.paths, base: [] };
  return { file: undefined, problems: describeIssues(result.error.issues, context) };
}
