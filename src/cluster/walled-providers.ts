import { type ClusterContext, providerNames } from "./context.ts";

/** The providers of the cluster file on whose hosts beltkit itself keeps the file's firewall. */
export async function walledProviders({ fleet, spec }: ClusterContext): Promise<ReadonlySet<string>> {
  const names = providerNames(spec);
  const plugins = await Promise.all(names.map(async (name) => (await fleet.open(name)).plugin));
  return new Set(names.filter((_, index) => plugins[index]?.firewall === "host"));
}
