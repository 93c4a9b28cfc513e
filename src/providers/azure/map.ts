import type { Machine, MachineState } from "../provider.ts";
import { readMarks } from "./tags.ts";
import type { Vm } from "./vms.ts";

/** The name of the provider. */
export const providerName = "azure";

/** What is known of a virtual machine beside what a list says. */
export interface Beside {
  /** Whether it is on; `undefined` where nobody asked. */
  readonly power: Power | undefined;
  readonly publicAddress: string | undefined;
  readonly privateAddress: string | undefined;
  /** Why it failed. */
  readonly reason: string | undefined;
}

/** Whether a machine is on, as far as it matters. */
export type Power = "on" | "off" | "starting";

/** A virtual machine as a machine of a cluster; `undefined` if its tags do not say that it is one. */
export function machineOf(vm: Vm, clusterId: string, beside: Beside): Machine | undefined {
  const marks = readMarks(clusterId, vm.tags ?? {});
  if (!marks) return undefined;
  const { publicAddress, privateAddress } = beside;
  const isComplete = privateAddress !== undefined && (marks.isPrivate || publicAddress !== undefined);
  return {
    ...{ id: vm.vmId, name: vm.name, group: marks.group, provider: providerName },
    ...{ clusterId, clusterName: marks.clusterName, state: stateOf(vm, isComplete, beside) },
    ...{ publicAddress, privateAddress, user: marks.user, port: 22 },
    ...{ size: vm.hardwareProfile.vmSize, region: vm.location, zone: vm.zones?.[0], image: marks.image },
    ...{ hostKey: undefined }, // the API has never heard of it
    ...{ createdAt: vm.timeCreated.toISOString(), specHash: marks.specHash },
  };
}

/** Whether a machine was ever made: one without a disk never got as far as a host. */
export function wasMade(vm: Vm): boolean {
  return vm.storageProfile?.osDisk?.managedDisk?.id !== undefined;
}

/** Azure says `Failed` of a machine that could not be made, and of one that runs while its last change failed. */
function stateOf(vm: Vm, isComplete: boolean, { power, reason }: Beside): MachineState {
  switch (vm.provisioningState) {
    case "Deleting":
      return { kind: "removing" };
    case "Creating":
      return { kind: "creating" };
    case "Failed":
    case "Canceled":
      if (!wasMade(vm)) return { kind: "failed", reason: reason ?? "Azure gives no reason" };
      return poweredState(power, isComplete);
    default:
      return poweredState(power, isComplete);
  }
}

function poweredState(power: Power | undefined, isComplete: boolean): MachineState {
  if (power === "off") return { kind: "stopped" };
  return { kind: power === "starting" || !isComplete ? "creating" : "running" };
}
