import type { z } from "zod";
import { formatPath, lookUp, type Path, type Tree } from "./tree.ts";

/**
 * Parses a tree with a schema. A soft scalar (from a variable or a `--set` without quotes) is first taken for what YAML
 * makes of it, and for its text where the schema refuses that type: `29.10` is a version, `5` a number.
 */
export function parseTree<T extends z.ZodType>(schema: T, tree: Tree | undefined): z.ZodSafeParseResult<z.output<T>> {
  const first = schema.safeParse(toPlain(tree, new Set()));
  if (first.success) return first;
  const asText = new Set(
    first.error.issues.flatMap((issue) => {
      const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
      return isTypeIssue(issue) && isSoft(lookUp(tree, path)) ? [formatPath(path)] : [];
    }),
  );
  return asText.size === 0 ? first : schema.safeParse(toPlain(tree, asText));
}

function isTypeIssue(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_union";
}

function isSoft(tree: Tree | undefined): boolean {
  return tree?.kind === "scalar" && tree.soft && typeof tree.value !== "string";
}

function toPlain(tree: Tree | undefined, asText: ReadonlySet<string>, path: Path = []): unknown {
  if (tree === undefined) return undefined;
  if (tree.kind === "scalar") return tree.soft && asText.has(formatPath(path)) ? tree.text : tree.value;
  if (tree.kind === "list") return tree.items.map((item, index) => toPlain(item, asText, [...path, index]));
  return Object.fromEntries(
    [...tree.entries].map(([key, entry]) => [key, toPlain(entry.node, asText, [...path, key])]),
  );
}
