import { entriesOf, formatPath, type Path, placeOf, problemAt, type Tree } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

interface NotYet {
  /** Keys from the top; `*` stands for any. */
  readonly path: readonly string[];
  /** Only these values are refused; without them the key is. */
  readonly values?: readonly string[];
  readonly says: string;
}

/** The one table of what the format has room for and this version refuses by name. */
const NOT_YET: readonly NotYet[] = [
  { path: ["engine", "proxy"], says: "a proxy for the engines" },
  { path: ["engine", "registries"], says: "logging the engines in to registries" },
  { path: ["swarm", "autolock"], values: ["true"], says: "locked managers; leave autolock out, or false" },
  { path: ["groups", "*", "hooks"], says: "scripts of your own on the machines" },
];

/** Every key or value of a tree that waits for a later version; `paths` are those keys as {@link formatPath} writes them. */
export interface Deferred {
  readonly problems: readonly SpecProblem[];
  readonly paths: ReadonlySet<string>;
}

/** Finds what waits for a later version. */
export function findDeferred(tree: Tree): Deferred {
  const found = NOT_YET.flatMap((row) => matches(tree, row).map((path) => ({ path, says: row.says })));
  return {
    problems: found.map(({ path, says }) => problemAt(placeOf(tree, path), path, `not yet: ${says}`)),
    paths: new Set(found.map(({ path }) => formatPath(path))),
  };
}

function matches(tree: Tree, { path: wanted, values }: NotYet): readonly Path[] {
  return expandPaths(tree, wanted, []).filter((path) => values?.includes(textAt(tree, path) ?? "") ?? true);
}

function expandPaths(tree: Tree | undefined, rest: readonly string[], path: Path): readonly Path[] {
  const [key, ...below] = rest;
  if (key === undefined) return [path];
  return entriesOf(tree)
    .filter(([name]) => key === "*" || key === name)
    .flatMap(([name, entry]) => expandPaths(entry.node, below, [...path, name]));
}

function textAt(tree: Tree, path: Path): string | undefined {
  const node = path.reduce<Tree | undefined>(
    (at, key) => (at?.kind === "map" ? at.entries.get(String(key))?.node : undefined),
    tree,
  );
  return node?.kind === "scalar" ? node.text : undefined;
}
