import { type Entry, type Path, placeInText, problemAt, type ScalarTree, type Tree } from "./tree.ts";
import { typedScalar } from "./typed-scalar.ts";
import type { SpecProblem } from "./types.ts";

/** Where the values of `${VAR}` come from. */
export interface Variables {
  /** What `--set VAR=value` gave; goes before the environment. */
  readonly given: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A tree with its variables filled in, what is wrong with them, and which names were asked for. */
export interface Substituted<T extends Tree = Tree> {
  readonly tree: T;
  readonly problems: readonly SpecProblem[];
  readonly asked: ReadonlySet<string>;
}

/**
 * Fills `${VAR}` and `${VAR:-default}` (the default also where VAR is set to nothing, as in a shell) in the values of a
 * tree, never in keys or comments, so that no value can change the structure of the file. `$${VAR}` stands for `${VAR}`
 * itself. A value without quotes may become a number or a truth value where the schema wants one.
 */
export function substitute<T extends Tree>(tree: T, variables: Variables): Substituted<T> {
  const work: Work = { variables, problems: [], asked: new Set() };
  const filled = { ...tree, ...fill(work, tree, []) };
  return { tree: filled, problems: work.problems, asked: work.asked };
}

interface Work {
  readonly variables: Variables;
  readonly problems: SpecProblem[];
  readonly asked: Set<string>;
}

function fill(work: Work, tree: Tree, path: Path): Tree {
  if (tree.kind === "list")
    return { ...tree, items: tree.items.map((item, index) => fill(work, item, [...path, index])) };
  if (tree.kind === "scalar") return tree.text.includes("${") ? fillScalar(work, tree, path) : tree;
  const entries = [...tree.entries].map(([key, entry]): [string, Entry] => [
    key,
    { ...entry, node: fill(work, entry.node, [...path, key]) },
  ]);
  return { ...tree, entries: new Map(entries) };
}

/** One `$${`, or one `${…}`, or an opening that nothing closes. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}|\$\{/g;

function fillScalar(work: Work, scalar: ScalarTree, path: Path): ScalarTree {
  const text = scalar.text.replace(REFERENCE, (found: string, body: string | undefined, offset: number) => {
    if (found === "$${") return "${";
    const result = resolve(work, body);
    if (result.kind === "value") return result.text;
    work.problems.push(problemAt(placeInText(scalar, offset), path, result.message));
    return "";
  });
  const value = scalar.plain ? typedScalar(text) : text;
  return { ...scalar, value, text, soft: scalar.plain, textPlace: undefined };
}

type Resolved =
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "problem"; readonly message: string };

function resolve(work: Work, body: string | undefined): Resolved {
  if (body === undefined) return { kind: "problem", message: "this ${ is never closed; $${ stands for ${ itself" };
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/.exec(body);
  const name = match?.[1];
  if (name === undefined) {
    return {
      kind: "problem",
      message: `\${${body}} is no variable: write \${VAR} or \${VAR:-default}; $\${ stands for \${ itself`,
    };
  }
  work.asked.add(name);
  const set = work.variables.given.get(name) ?? work.variables.env[name];
  const fallback = match?.[2];
  if (fallback !== undefined) return { kind: "value", text: set === undefined || set === "" ? fallback : set };
  if (set !== undefined) return { kind: "value", text: set };
  return {
    kind: "problem",
    message: `${name} is not set: export it, give --set ${name}=…, or write \${${name}:-default}`,
  };
}
