import type { MachineRequest, PlannedMachine, ProviderSpec } from "../../src/providers/provider.ts";

/** What a provider is told about machines to be made, of a cluster without a firewall. */
export function aProviderSpec(requests: readonly PlannedMachine[], more: Partial<ProviderSpec> = {}): ProviderSpec {
  return {
    ...{ clusterId: "c1", clusterName: "shop", requests, groups: [...new Set(requests.map(({ group }) => group))] },
    ...{ authorizedKeys: async () => [], firewall: undefined, options: requests[0]?.options },
    ...more,
  };
}

/** A request as it is told before the machine is made. */
export function plannedFrom({ name, group, size, options }: MachineRequest): PlannedMachine {
  return { name, group, size, options };
}
