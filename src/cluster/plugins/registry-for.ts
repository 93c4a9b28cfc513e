import path from "node:path";
import { clusterFile } from "../spec/schema.ts";
import type { Dependencies, ProviderRegistry, SpecSource } from "../types.ts";
import type { PluginPlace } from "./offered-provider.ts";

/** Where the providers by others of a cluster are looked for. */
export function placeOf(
  source: SpecSource,
  spec: { readonly providerPaths?: PluginPlace["paths"] | undefined },
  cwd: string,
): PluginPlace {
  const folder = source.kind === "file" ? path.dirname(source.path) : cwd;
  return { folder, paths: spec.providerPaths ?? {} };
}

/** The providers that there are at a place: the built-in ones, and those by others under names that are free for them. Runs none. */
export async function registryFor(
  { providers, plugins }: Pick<Dependencies, "providers" | "plugins">,
  place: PluginPlace,
): Promise<ProviderRegistry> {
  const offered = (await plugins?.find(place)) ?? [];
  const free = offered.filter(({ name }) => !isReserved(name, providers));
  return { ...Object.fromEntries(free.map((one) => [one.name, () => one.load()])), ...providers };
}

/** Whether a name is beltkit's own: a provider of its own, now or to come, or a key of the cluster file. */
export function isReserved(name: string, providers: ProviderRegistry): boolean {
  return Object.hasOwn(providers, name) || Object.hasOwn(clusterFile.shape, name);
}
