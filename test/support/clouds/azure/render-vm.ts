import { idOf, type Subscription, type Vm, vmIdOf } from "./state.ts";

/** A machine as the API shows it: neither its addresses nor whether it is on. */
export function renderVm(subscription: Subscription, vm: Vm) {
  const { name, group, location, tags, zone, vmId, state, size, hasDisk, madeMs, interfaceName } = vm;
  const disk = idOf(subscription, group, `Microsoft.Compute/disks/${name}_OsDisk_1`);
  return {
    ...{ id: vmIdOf(subscription, vm), name, type: "Microsoft.Compute/virtualMachines", location, tags },
    ...(zone === undefined ? {} : { zones: [zone] }),
    etag: '"1"',
    properties: {
      ...{ vmId, provisioningState: state, hardwareProfile: { vmSize: size } },
      timeCreated: new Date(subscription.epochMs + madeMs).toISOString(),
      storageProfile: {
        osDisk: { createOption: "FromImage", managedDisk: hasDisk ? { id: disk } : {} },
        dataDisks: [],
      },
      networkProfile: {
        networkInterfaces: [{ id: idOf(subscription, group, `Microsoft.Network/networkInterfaces/${interfaceName}`) }],
      },
    },
  };
}
