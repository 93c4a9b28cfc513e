import type { z } from "zod";
import { nearest } from "../../util/nearest.ts";
import { type JsonSchema, knownKeys } from "./json-schema.ts";
import {
  type Entry,
  entryAt,
  formatPath,
  lookUp,
  type MapTree,
  type Path,
  placeOf,
  problemAt,
  type Tree,
} from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** What the wording of an issue needs beside the issue. */
export interface IssueContext {
  readonly tree: MapTree;
  /** The JSON Schema of the whole file, to name the nearest known key; asked for only when a key is unknown. */
  readonly schema: () => JsonSchema;
  /** Paths that are answered elsewhere, as `formatPath` writes them. */
  readonly answered: ReadonlySet<string>;
  /** Where the issues' paths begin. */
  readonly base: Path;
}

type Issue = z.core.$ZodIssue;

/** What a schema found wrong, in the words and at the places of the cluster file. */
export function describeIssues(issues: readonly Issue[], context: IssueContext): readonly SpecProblem[] {
  return issues.flatMap((issue) => describeIssue(issue, context));
}

function describeIssue(issue: Issue, context: IssueContext): readonly SpecProblem[] {
  const path = [...context.base, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
  if (context.answered.has(formatPath(path))) return [];
  if (issue.code === "unrecognized_keys") return issue.keys.flatMap((key) => describeUnknownKey(key, path, context));
  if (issue.code === "invalid_key") return [describeBadKey(issue, path, context)];
  const missing = lookUp(context.tree, path) === undefined;
  const message = missing ? describeMissing(issue, path) : describeValue(issue, lookUp(context.tree, path));
  return [problemAt(placeOf(context.tree, path), path, message)];
}

function describeUnknownKey(key: string, parent: Path, context: IssueContext): readonly SpecProblem[] {
  const path = [...parent, key];
  if (context.answered.has(formatPath(path))) return [];
  const near = nearest(key, knownKeys(context.schema(), parent));
  const message = near === undefined ? "is no known key" : `is no known key; did you mean ${JSON.stringify(near)}?`;
  return [problemAt(keyPlaceOf(context.tree, path), path, message)];
}

function describeBadKey(issue: z.core.$ZodIssueInvalidKey, path: Path, context: IssueContext): SpecProblem {
  return problemAt(keyPlaceOf(context.tree, path), path, `the key ${issue.issues[0]?.message ?? issue.message}`);
}

function keyPlaceOf(tree: MapTree, path: Path): Entry["keyPlace"] {
  return entryAt(tree, path)?.keyPlace ?? placeOf(tree, path);
}

function describeMissing(issue: Issue, path: Path): string {
  const name = path.at(-1);
  if (issue.code === "invalid_value") return `${name} is missing: write ${listOf(issue.values)}`;
  return `${name} is missing`;
}

function describeValue(issue: Issue, node: Tree | undefined): string {
  const value = node?.kind === "scalar" ? node : undefined;
  if (issue.code === "invalid_value") return describeChoice(issue.values, value?.text ?? "this");
  if (issue.code === "invalid_type") return describeType(issue.expected, node);
  if (issue.code === "too_small" || issue.code === "too_big") return describeBound(issue);
  const said =
    value === undefined || value.text === "" || value.text.length > 60 ? "" : `${JSON.stringify(value.text)} `;
  return `${said}${lowerFirst(issue.message)}`;
}

function describeBound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, bound] = issue.code === "too_small" ? ["at least", issue.minimum] : ["at most", issue.maximum];
  if (issue.origin === "string" && issue.code === "too_small" && bound === 1) return "must not be empty";
  const unit = issue.origin === "string" ? " characters" : issue.origin === "array" ? " items" : "";
  const verb = unit === "" ? "must be" : "must have";
  return `${verb} ${word} ${bound}${unit}`;
}

function describeChoice(values: readonly unknown[], given: string): string {
  const words = values.map(String);
  const near = nearest(given, words);
  const only =
    words.length === 1 ? `must be ${words[0]}, not ${given}` : `"${given}" is not one of ${words.join(", ")}`;
  return near === undefined || words.length === 1 ? only : `${only}; did you mean "${near}"?`;
}

const WANTED: Readonly<Record<string, string>> = {
  string: "a word or a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of keys",
};

function describeType(expected: string, node: Tree | undefined): string {
  const wanted = WANTED[expected] ?? expected;
  if (node === undefined || node.kind !== "scalar") return `must be ${wanted}, not a ${node?.kind ?? "map"}`;
  if (node.value === null) return `has no value: it must be ${wanted}`;
  if (expected === "string" && node.plain) return `must be a text, so put it in quotes: "${node.text}"`;
  return `must be ${wanted}, not ${JSON.stringify(node.text)}`;
}

function listOf(values: readonly unknown[]): string {
  return values.map(String).join(" or ");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
