import type { Machine, ResizeControl } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { lookAt, powerOff, powerOn } from "./power.ts";
import type { VmPlace } from "./vms.ts";

/** Sizes change while a machine is off: any size is to be had then, not only those of the hardware that it runs on. */
export function openResize(cloud: Cloud): ResizeControl {
  return {
    restarts: true,
    resize: async (machine, size, signal) => {
      const { place, size: present } = await lookAt(cloud, machine, signal);
      if (present.toLowerCase() !== size.toLowerCase()) {
        await powerOff(cloud, machine, signal);
        await changeSize(cloud, place, size, signal).catch(async (error: unknown) => {
          // A size that cannot be had is no reason to leave the machine off.
          if (!signal.aborted) await startAgain(cloud, machine, signal);
          throw error;
        });
      }
      await startAgain(cloud, machine, signal);
    },
  };
}

async function startAgain(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  if (machine.state.kind === "running") await powerOn(cloud, machine, signal);
}

async function changeSize(
  { client }: Cloud,
  { resourceGroup, name }: VmPlace,
  vmSize: string,
  signal: AbortSignal,
): Promise<void> {
  const about = { doing: `resize ${name} to ${vmSize}`, action: "Microsoft.Compute/virtualMachines/write" };
  const begun = await client.begin(
    "write",
    ({ compute }, options) =>
      compute.virtualMachines.update(resourceGroup, name, { hardwareProfile: { vmSize } }, options),
    about,
    signal,
  );
  await begun.end(signal);
}
