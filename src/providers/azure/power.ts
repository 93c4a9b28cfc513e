import { BeltError } from "../../util/errors.ts";
import type { Machine, PowerControl } from "../provider.ts";
import type { Client } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import type { Power } from "./map.ts";
import { findVm, readStatus, type VmPlace } from "./vms.ts";

/** The power of machines. One that is off is deallocated: it keeps its disk and its addresses, and costs nothing but them. */
export function openPower(cloud: Cloud): PowerControl {
  return {
    start: (machine, signal) => powerOn(cloud, machine, signal),
    stop: (machine, signal) => powerOff(cloud, machine, signal),
    restart: async (machine, signal) => {
      const { place, power } = await lookAt(cloud, machine, signal);
      if (power === "off") return await powerOn(cloud, machine, signal);
      await act(cloud, { machine, place, verb: "restart", becomes: "on" }, signal);
    },
  };
}

/** Powers a machine on; one that is on is left alone. */
export async function powerOn(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  const { place, power } = await lookAt(cloud, machine, signal);
  if (power !== "on") await act(cloud, { machine, place, verb: "start", becomes: "on" }, signal);
}

/** Powers a machine off; one that is off is left alone. */
export async function powerOff(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  const { place, power } = await lookAt(cloud, machine, signal);
  if (power !== "off") await act(cloud, { machine, place, verb: "deallocate", becomes: "off" }, signal);
}

/** Where a machine is, and whether it is on. @throws BeltError `machine.missing`, also for a new one of its name. */
export async function lookAt(
  cloud: Cloud,
  machine: Machine,
  signal: AbortSignal,
): Promise<{ readonly place: VmPlace; readonly power: Power | undefined; readonly size: string }> {
  const place = await cloud.inventory.placeOf(machine, signal);
  const vm = place && (await findVm(cloud.client, place, signal));
  if (!place || vm?.vmId !== machine.id)
    throw new BeltError("machine.missing", `the machine ${machine.name} is gone from Azure`, {
      hint: "belt up makes it again if the cluster file names it.",
    });
  const { power } = await readStatus(cloud.client, place, signal);
  return { place, power, size: vm.hardwareProfile.vmSize };
}

interface Act {
  readonly machine: Machine;
  readonly place: VmPlace;
  readonly verb: "start" | "deallocate" | "restart";
  readonly becomes: Power;
}

async function act(cloud: Cloud, { machine, place, verb, becomes }: Act, signal: AbortSignal): Promise<void> {
  const { resourceGroup, name } = place;
  const about = { doing: words[verb](name), action: `Microsoft.Compute/virtualMachines/${verb}/action` };
  const work: Parameters<Client["begin"]>[1] = ({ compute }, options) =>
    compute.virtualMachines[verb](resourceGroup, name, options);
  const begun = await cloud.client.begin("write", work, about, signal);
  await begun.end(signal);
  cloud.inventory.notePower(machine, becomes);
}

const words: Readonly<Record<Act["verb"], (name: string) => string>> = {
  start: (name) => `power on ${name}`,
  deallocate: (name) => `power off ${name}`,
  restart: (name) => `restart ${name}`,
};
