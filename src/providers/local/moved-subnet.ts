import type { Problem } from "../provider.ts";
import type { ClusterRecord } from "./record.ts";

/** What is wrong with the `subnet` of the cluster file where the cluster has a network already: it stays the one that it is. */
export function movedSubnet(known: ClusterRecord | undefined, wanted: string | undefined): Problem | undefined {
  if (!known || wanted === undefined || wanted === known.subnet) return undefined;
  return {
    message: `the cluster lives in ${known.subnet}, and cannot move to ${wanted}`,
    hint: `Set \`subnet: ${known.subnet}\`, or remove the cluster first: belt down ${known.clusterName}`,
  };
}
