import type { CreateOutcome, KeyPair, Machine, MachineRequest, ProviderSpec } from "../../src/providers/provider.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import { aProviderSpec, plannedFrom } from "./provider-spec.ts";

/** The key that logs in to every machine of a test, and the host key that they show. */
export const [operatorKey, hostKey]: readonly [KeyPair, KeyPair] = [
  generateKeyPair("operator"),
  generateKeyPair("host"),
];

/** Never aborts. */
export const { signal } = new AbortController();

/** A request for a machine of the cluster `c1` at a cloud. */
export function aCloudRequest(name: string, change: Partial<MachineRequest> = {}): MachineRequest {
  return {
    ...{ name, group: "workers", clusterId: "c1", clusterName: "shop", size: undefined, hostKey, specHash: "5bec" },
    ...{ authorizedKeys: [operatorKey.publicKey], options: {} },
    ...change,
  };
}

/** What the provider is told about these requests before. */
export function specOf(requests: readonly MachineRequest[], change: Partial<ProviderSpec> = {}): ProviderSpec {
  const more = requests[0] ? { clusterId: requests[0].clusterId, clusterName: requests[0].clusterName } : {};
  return aProviderSpec(requests.map(plannedFrom), {
    ...more,
    authorizedKeys: async () => [operatorKey.publicKey],
    ...change,
  });
}

/** The machines of outcomes that are all good. */
export function machinesIn(outcomes: readonly CreateOutcome[]): readonly Machine[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw outcome.error;
    return outcome.machine;
  });
}

/** So many requests: `node1` and on. */
export function someRequests(count: number, change: Partial<MachineRequest> = {}): readonly MachineRequest[] {
  return Array.from({ length: count }, (_, index) => aCloudRequest(`node${index + 1}`, change));
}
