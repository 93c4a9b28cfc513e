import type { FileFault } from "../../providers/provider.ts";
import type { GroupMachines } from "./check-machines.ts";
import type { ProviderBlocks } from "./provider-blocks.ts";
import { entriesOf, lookUp, type MapTree, type Path, placeOf, problemAt, textOf } from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** What a provider can never make of the file, as it says itself: sizes that it does not have, more machines than its options have room for. */
export function checkWishes(
  tree: MapTree,
  groups: readonly GroupMachines[],
  { faults, values }: Pick<ProviderBlocks, "faults" | "values">,
): readonly SpecProblem[] {
  const usual = textOf(lookUp(tree, ["provider"]));
  return [...faults].flatMap(([provider, faultsOf]) => {
    if (!(provider in values)) return []; // the block has problems of its own
    const own = groups.filter(({ name }) => (textOf(lookUp(tree, ["groups", name, "provider"])) ?? usual) === provider);
    const sizes = own.flatMap(({ name }) => sizesOf(tree, ["groups", name]));
    const wish = {
      sizes: [...new Set(sizes.map(({ size }) => size))],
      machineCount: own.reduce((sum, { names }) => sum + names.length, 0),
      options: values[provider],
    };
    return faultsOf(wish).flatMap((fault) => placed(tree, fault, { provider, sizes }));
  });
}

interface WrittenSize {
  readonly path: Path;
  readonly size: string;
}

/** The sizes that a group and its overrides write. */
function sizesOf(tree: MapTree, group: Path): readonly WrittenSize[] {
  const overrides = entriesOf(lookUp(tree, [...group, "overrides"])).map(([key]) => [...group, "overrides", key]);
  return [group, ...overrides].flatMap((above) => {
    const path = [...above, "size"];
    const size = textOf(lookUp(tree, path));
    return size === undefined ? [] : [{ path, size }];
  });
}

function placed(
  tree: MapTree,
  fault: FileFault,
  { provider, sizes }: { readonly provider: string; readonly sizes: readonly WrittenSize[] },
): readonly SpecProblem[] {
  const paths =
    "option" in fault
      ? [[provider, fault.option]]
      : sizes.filter(({ size }) => size === fault.size).map(({ path }) => path);
  return paths.map((path) => problemAt(placeOf(tree, path), path, fault.message));
}
