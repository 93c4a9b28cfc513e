import { entriesOf, lookUp, type MapTree, problemAt, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** The providers by others that a cluster file names by path. */
export interface ProviderPaths {
  readonly paths: Readonly<Record<string, string>>;
  readonly problems: readonly SpecProblem[];
}

/** Reads the key `providers`. A provider in `builtIn` cannot be replaced. */
export function readProviderPaths(tree: MapTree, builtIn: readonly string[]): ProviderPaths {
  const paths: Record<string, string> = {};
  const problems: SpecProblem[] = [];
  for (const [name, { keyPlace, node }] of entriesOf(lookUp(tree, ["providers"]))) {
    const text = textOf(node);
    const isPath = text !== undefined && /^(?:\.{1,2})?\//.test(text);
    if (builtIn.includes(name))
      problems.push(problemAt(keyPlace, ["providers", name], `${name} is built in and cannot be replaced`));
    else if (isPath) paths[name] = text;
    else if (text !== undefined)
      problems.push(
        problemAt(node.place, ["providers", name], `"${text}" is no path: write it with ./ in front, or from / on`),
      );
  }
  return { paths, problems };
}
