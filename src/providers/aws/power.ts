import { z } from "zod";
import { BeltError, isBeltError } from "../../util/errors.ts";
import type { Machine, PowerControl } from "../provider.ts";
import type { Client } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import { codeOf } from "./codes.ts";
import { findInstance, type Instance } from "./instances.ts";
import { isAlive } from "./map.ts";

type StateName = Instance["State"]["Name"];

/** How long a change of power may take, and how often it is looked. EC2 pulls the plug itself after some minutes. */
const withinMs = 15 * 60_000;
const lookEveryMs = 4000;
/** How often an instance is asked that is still busy with something else. */
const attempts = 12;
const pauseMs = 5000;
/** A reboot shows in no state: after this long an instance that hears it is on its way down. */
const rebootMs = 10_000;

/** The power of instances. Off is off: nothing is paid for but the disk, and the public address is another one afterwards. */
export function openPower(cloud: Cloud): PowerControl {
  return {
    start: (machine, signal) => powerOn(cloud, machine, signal),
    stop: (machine, signal) => powerOff(cloud, machine, signal),
    restart: (machine, signal) => restart(cloud, machine, signal),
  };
}

/** Starts an instance; one that runs is left alone. */
export async function powerOn(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  const state = await stateOf(cloud, machine, signal);
  if (state === "stopping") await untilState(cloud, machine, "stopped", signal);
  if (state === "running") return;
  if (state !== "pending")
    await act(cloud, { doing: `start ${machine.name}`, action: "StartInstances" }, signal, (ec2, options) =>
      ec2.startInstances({ InstanceIds: [machine.id] }, options),
    );
  await untilState(cloud, machine, "running", signal);
}

/** Stops an instance in good order; one that is stopped is left alone. */
export async function powerOff(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  const state = await stateOf(cloud, machine, signal);
  if (state === "stopped") return;
  if (state === "pending") await untilState(cloud, machine, "running", signal);
  if (state !== "stopping")
    await act(cloud, { doing: `stop ${machine.name}`, action: "StopInstances" }, signal, (ec2, options) =>
      ec2.stopInstances({ InstanceIds: [machine.id] }, options),
    );
  await untilState(cloud, machine, "stopped", signal);
}

/** The instance of a machine as it is now. @throws BeltError `machine.missing`. */
export async function mustFind({ client }: Cloud, machine: Machine, signal: AbortSignal): Promise<Instance> {
  const instance = await findInstance(client, machine.id, signal);
  if (instance && isAlive(instance)) return instance;
  throw new BeltError("machine.missing", `the instance of ${machine.name} is gone`, {
    hint: "belt up makes it again if the cluster file names it.",
  });
}

/** Does something to an instance; one that is still busy with something else is waited for. */
export async function act(
  cloud: Cloud,
  about: { readonly doing: string; readonly action: string },
  signal: AbortSignal,
  work: Parameters<Client["call"]>[1],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await cloud.client.call(z.unknown(), work, about, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      const isBusy = /^Incorrect(Instance)?State$/.test(codeOf(error) ?? "");
      if (attempt >= attempts || !isBeltError(error) || !isBusy) throw error;
      await cloud.clock.sleep(pauseMs, signal);
    }
  }
}

/** Keeps the public address, unlike stopping and starting; one that is stopped is started. */
async function restart(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<void> {
  const state = await stateOf(cloud, machine, signal);
  if (state !== "running") return await powerOn(cloud, machine, signal);
  await act(cloud, { doing: `restart ${machine.name}`, action: "RebootInstances" }, signal, (ec2, options) =>
    ec2.rebootInstances({ InstanceIds: [machine.id] }, options),
  );
  await cloud.clock.sleep(rebootMs, signal);
}

async function stateOf(cloud: Cloud, machine: Machine, signal: AbortSignal): Promise<StateName> {
  return (await mustFind(cloud, machine, signal)).State.Name;
}

async function untilState(cloud: Cloud, machine: Machine, wanted: StateName, signal: AbortSignal): Promise<void> {
  for (const until = cloud.clock.elapsed() + withinMs; ; ) {
    if ((await stateOf(cloud, machine, signal)) === wanted) return;
    if (cloud.clock.elapsed() >= until)
      throw new BeltError(
        "timeout",
        `the instance of ${machine.name} is not ${wanted} after ${withinMs / 60_000} minutes`,
        {
          hint: "The host keeps working on it. Run the same command again.",
        },
      );
    await cloud.clock.sleep(lookEveryMs, signal);
  }
}
