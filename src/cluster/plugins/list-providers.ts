import { messageOf } from "../../util/errors.ts";
import { naturalCompare } from "../../util/natural-compare.ts";
import { readSpecText } from "../load-spec.ts";
import { readProviderPaths } from "../spec/provider-paths.ts";
import { readDocument } from "../spec/read-document.ts";
import type { Dependencies, SpecSource } from "../types.ts";
import type { FoundPlugin, OfferedProvider, Standing } from "./offered-provider.ts";
import { isReserved, placeOf } from "./registry-for.ts";

/** A provider that is there, as `belt provider ls` shows it. */
export interface ListedProvider extends Omit<FoundPlugin, "kind" | "path"> {
  readonly kind: "built-in" | FoundPlugin["kind"];
  /** One line for people; of a provider by others only once its code was agreed to. */
  readonly title: string | undefined;
  readonly path: string | undefined;
  /** Built-in providers are trusted. */
  readonly standing: Standing;
  /** Why it cannot be used, where that is known. */
  readonly problem: string | undefined;
}

/** Every provider that a cluster file, or a template in the working folder, could name. Only code that was agreed to is run. */
export async function listProviders(source: SpecSource, deps: Dependencies): Promise<readonly ListedProvider[]> {
  const place = placeOf(source, { providerPaths: await pathsIn(source, deps) }, deps.cwd);
  const offered = (await deps.plugins?.find(place)) ?? [];
  const builtIn = Object.entries(deps.providers).map(async ([name, load]): Promise<ListedProvider> => {
    const { title } = await load();
    return {
      ...{ name, title, kind: "built-in", standing: "trusted" },
      path: undefined,
      version: undefined,
      problem: undefined,
    };
  });
  const byOthers = offered.map((one) => listed(one, isReserved(one.name, deps.providers)));
  const [own, others] = await Promise.all([Promise.all(builtIn), Promise.all(byOthers)]);
  return [...own, ...[...others].sort((a, b) => naturalCompare(a.name, b.name))];
}

async function listed(offered: OfferedProvider, isTaken: boolean): Promise<ListedProvider> {
  const { name, kind, path, version } = offered;
  const known = { name, kind, path, version, title: undefined };
  try {
    const standing = await offered.standing();
    if (isTaken) return { ...known, standing, problem: `not used: the name ${name} is beltkit's own` };
    const title = standing === "trusted" ? (await offered.load()).title : undefined;
    return { ...known, title, standing, problem: undefined };
  } catch (error) {
    return { ...known, standing: "new", problem: messageOf(error) };
  }
}

/** The paths that the file names, whatever else is wrong with it. */
async function pathsIn(source: SpecSource, { cwd }: Dependencies): Promise<Readonly<Record<string, string>>> {
  const { file, text } = await readSpecText(source, cwd);
  const { tree } = readDocument(file, text);
  return tree === undefined ? {} : readProviderPaths(tree, []).paths;
}
