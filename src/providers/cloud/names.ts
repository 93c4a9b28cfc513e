/**
 * The name of something that a cluster shares: the cluster's name to be recognized by people, then what it is for, then the
 * cluster's id to be found by.
 */
export function nameFor(
  cluster: { readonly clusterId: string; readonly clusterName: string },
  ...words: readonly string[]
): string {
  return ["belt", cluster.clusterName, ...words, cluster.clusterId].join("-");
}

/** Whether beltkit gave this name to something of this cluster. */
export function isNameOf(clusterId: string, name: string): boolean {
  return name.startsWith("belt-") && name.endsWith(`-${clusterId}`);
}
