import { describeIssues } from "./issues.ts";
import { clusterFileJsonSchema } from "./json-schema.ts";
import type { ProviderBlocks } from "./provider-blocks.ts";
import { entriesOf, lookUp, type MapTree, type Path, placeOf, problemAt, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** The images that groups and overrides name, each held against the `image` option of its provider. */
export function checkImages(
  tree: MapTree,
  { values, options }: Pick<ProviderBlocks, "values" | "options">,
): readonly SpecProblem[] {
  const context = { tree, schema: () => clusterFileJsonSchema(options), answered: new Set<string>() };
  return findImages(tree).flatMap(({ path, provider, image }) => {
    const block = values[provider];
    if (typeof block !== "object" || block === null) return []; // the block has problems of its own
    const result = options[provider]?.safeParse({ ...block, image });
    if (result === undefined || result.success) return [];
    const issues = result.error.issues.filter((issue) => issue.path[0] === "image");
    if (issues.length === 0)
      return [problemAt(placeOf(tree, path), path, `the provider ${provider} has no images to choose from`)];
    return describeIssues(issues, { ...context, base: path.slice(0, -1) });
  });
}

interface NamedImage {
  readonly path: Path;
  readonly provider: string;
  readonly image: string;
}

function findImages(tree: MapTree): readonly NamedImage[] {
  const usual = textOf(lookUp(tree, ["provider"])) ?? "";
  return entriesOf(lookUp(tree, ["groups"])).flatMap(([name, { node }]) => {
    const group: Path = ["groups", name];
    const provider = textOf(lookUp(node, ["provider"])) ?? usual;
    const overrides = entriesOf(lookUp(node, ["overrides"])).map(([key]) => [...group, "overrides", key]);
    return [group, ...overrides].flatMap((above) => {
      const path = [...above, "image"];
      const image = textOf(lookUp(tree, path));
      return image === undefined ? [] : [{ path, provider, image }];
    });
  });
}
