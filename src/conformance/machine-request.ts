import type { MachineRequest } from "../providers/provider.ts";
import { generateKeyPair } from "../ssh/keys.ts";
import { digest } from "../util/digest.ts";

/** What a machine request is about; the rest is filled in. */
export interface AskedMachine {
  readonly clusterId: string;
  readonly name: string;
  readonly size?: string;
  /** The provider's options, parsed; none unless given. */
  readonly options?: unknown;
}

/** A request such as beltkit makes, with fresh keys: of the group `workers` of a cluster that is named after its id. */
export function machineRequest({ clusterId, name, size, options = {} }: AskedMachine): MachineRequest {
  return {
    ...{ name, clusterId, clusterName: clusterId, group: "workers", size, options },
    authorizedKeys: [generateKeyPair("conformance").publicKey],
    hostKey: generateKeyPair(name),
    specHash: digest({ size, options }),
  };
}
