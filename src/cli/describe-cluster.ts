import type { Cluster, SpecSource } from "../cluster/types.ts";
import { compressNames } from "../util/ranges.ts";
import { count } from "./units.ts";

/** The one line that says what a command is about: which cluster, why that one, which provider, how many machines, and from what file. */
export function describeCluster(cluster: Cluster, why: string | undefined): string {
  const names = cluster.spec.machines.map((machine) => machine.name);
  const providers = [...new Set(cluster.spec.machines.map((machine) => machine.provider))];
  const on = providers.length === 0 ? cluster.spec.provider : providers.join(" and ");
  const none = cluster.spec.groups.length === 0 ? "the file has no groups" : "its groups are empty";
  const which = ` (${names.length === 0 ? none : compressNames(names)})`;
  const name = why === undefined ? cluster.name : `${cluster.name} (${why})`;
  return `Cluster ${name} on ${on}: ${count(names.length, "machine")}${which}, from ${sourceText(cluster.source)}`;
}

function sourceText(source: SpecSource): string {
  return source.kind === "file" ? source.path : `the built-in template ${source.name}`;
}
