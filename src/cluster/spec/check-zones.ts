import type { ProviderBlocks } from "./provider-blocks.ts";
import { entriesOf, lookUp, type MapTree, placeOf, problemAt, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** Zones of groups whose provider has none. */
export function checkZones(tree: MapTree, { zoneless }: Pick<ProviderBlocks, "zoneless">): readonly SpecProblem[] {
  const usual = textOf(lookUp(tree, ["provider"])) ?? "";
  return entriesOf(lookUp(tree, ["groups"])).flatMap(([name, { node }]) => {
    const provider = textOf(lookUp(node, ["provider"])) ?? usual;
    if (lookUp(node, ["zones"]) === undefined || !zoneless.has(provider)) return [];
    const path = ["groups", name, "zones"];
    return [problemAt(placeOf(tree, path), path, `the provider ${provider} has no zones; leave them out`)];
  });
}
