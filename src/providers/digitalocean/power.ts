import type { Machine, PowerControl } from "../provider.ts";
import { actPatiently, mustFind, reach, type Sdk } from "./actions.ts";
import type { Cloud } from "./cloud.ts";
import type { Droplet } from "./droplets.ts";

/** How long one action may take. */
const withinMs = 5 * 60_000;
/** How long a droplet may take to power itself off once it was asked to, and how often it is looked. */
const shutdownMs = 60_000;
const lookEveryMs = 3000;

/** The power of droplets: off in good order where the operating system hears it, and otherwise by the plug. */
export function openPower(cloud: Cloud): PowerControl {
  return {
    start: (machine, signal) => powerOn(cloud, machine, signal),
    stop: (machine, signal) => powerOff(cloud, machine, signal),
    restart: (machine, signal) => restart(cloud, machine, signal),
  };
}

/** Powers a droplet on; one that is on is left alone. */
export async function powerOn(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  const goal = {
    ...{ doing: `power on ${machine.name}`, withinMs },
    isReached: ({ status }: Droplet) => status === "active",
    begin: (sdk: Sdk, id: number) => sdk.dropletActions.powerOnDroplet(id),
  };
  await reach(cloud, machine, goal, signal);
}

/** Powers a droplet off; one that is off is left alone. */
export async function powerOff(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  if ((await mustFind(cloud, machine, signal)).status === "off") return;
  if (await shutDown(cloud, machine, signal)) return;
  const goal = {
    ...{ doing: `power off ${machine.name}`, withinMs },
    isReached: ({ status }: Droplet) => status === "off",
    begin: (sdk: Sdk, id: number) => sdk.dropletActions.powerOffDroplet(id),
  };
  await reach(cloud, machine, goal, signal);
}

/** Restarts a droplet in good order, or by the plug where the operating system does not hear it; one that is off is powered on. */
async function restart(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  if ((await mustFind(cloud, machine, signal)).status === "off") return await powerOn(cloud, machine, signal);
  const doing = `restart ${machine.name}`;
  const gently = { doing, withinMs, begin: (sdk: Sdk, id: number) => sdk.dropletActions.rebootDroplet(id) };
  if ((await actPatiently(cloud, machine, gently, signal)) === "completed") return;
  const hard = { doing, withinMs, begin: (sdk: Sdk, id: number) => sdk.dropletActions.powerCycleDroplet(id) };
  await actPatiently(cloud, machine, hard, signal);
}

/** Asks the operating system to power off; resolves with whether it did. */
async function shutDown(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<boolean> {
  const asking = {
    ...{ doing: `shut down ${machine.name}`, withinMs },
    begin: (sdk: Sdk, id: number) => sdk.dropletActions.shutdownDroplet(id),
  };
  const isOff = async (): Promise<boolean> => (await mustFind(cloud, machine, signal)).status === "off";
  try {
    await actPatiently(cloud, machine, asking, signal);
  } catch {
    signal.throwIfAborted();
    return await isOff(); // what could not be asked for is done by the plug, and what went wrong comes up there again
  }
  for (const until = cloud.clock.elapsed() + shutdownMs; ; ) {
    if (await isOff()) return true;
    if (cloud.clock.elapsed() >= until) return false;
    await cloud.clock.sleep(lookEveryMs, signal);
  }
}
