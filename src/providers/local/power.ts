import { BeltError } from "../../util/errors.ts";
import { readTextIfThere } from "../../util/files.ts";
import { sendSignal } from "../../util/signals.ts";
import type { Machine, PowerControl } from "../provider.ts";
import { ensureCluster } from "./allocate.ts";
import { bootMachine } from "./boot.ts";
import { type Cgroups, hostCgroups, isOccupied, killCgroup, processesIn } from "./cgroup.ts";
import { clusterOf } from "./create.ts";
import type { Host } from "./host.ts";
import { mustRecordOf } from "./machine.ts";

/** How long a machine may take to power off by itself; then its plug is pulled. */
const powerOffMs = 60_000;
/** SIGRTMIN+4: systemd powers off. Source: systemd(1), signals. */
const powerOffSignal = 38;

/** The power of machines. */
export function openPower(host: Host): PowerControl {
  const stop = async (machine: Machine, signal: AbortSignal): Promise<void> =>
    powerOff(host, await hostCgroups(), machine, signal);
  const start = async (machine: Machine, signal: AbortSignal): Promise<void> =>
    powerOn(host, await hostCgroups(), machine, signal);
  return {
    start,
    stop,
    restart: async (machine, signal) => {
      await stop(machine, signal);
      await start(machine, signal);
    },
  };
}

/** Powers a machine off in good order, or after a minute without. Nothing runs in it when this resolves. */
export async function powerOff(host: Host, cgroups: Cgroups, machine: Machine, signal: AbortSignal): Promise<void> {
  const { id } = await mustRecordOf(host.store, machine);
  const until = host.clock.elapsed() + powerOffMs;
  for (let nextAskMs = 0; host.clock.elapsed() < until; ) {
    if (!(await isOccupied(cgroups, id))) return;
    // Asked again each second: a machine that has only begun to boot does not hear it yet.
    if (host.clock.elapsed() >= nextAskMs) {
      for (const pid of await initProcesses(cgroups, id)) sendSignal(pid, powerOffSignal);
      nextAskMs = host.clock.elapsed() + 1000;
    }
    await host.clock.sleep(20, signal);
  }
  await killCgroup(host, cgroups, id, signal);
}

/** Powers a machine on, with all that a reboot of the host has taken from it. */
async function powerOn(host: Host, cgroups: Cgroups, machine: Machine, signal: AbortSignal): Promise<void> {
  const record = await mustRecordOf(host.store, machine);
  if (record.phase !== "made") {
    throw new BeltError("machine.failed", `${record.name} is not whole: its making or its removal was cut short`, {
      hint: `Go on with \`belt up\`, or remove it: belt rm ${record.name}`,
    });
  }
  if (await isOccupied(cgroups, record.id)) return;
  const known = await clusterOf(host, record);
  const cluster = await host.locked(signal, () => ensureCluster(host, { ...known, options: {} }, signal));
  await bootMachine(host, cgroups, { record, cluster }, signal);
}

/** The machine's own process 1: of all its processes the one that is 1 in the namespace just below ours. Source: proc(5), NSpid. */
async function initProcesses(cgroups: Cgroups, id: string): Promise<readonly number[]> {
  const pids = await processesIn(cgroups, id);
  const statuses = await Promise.all(pids.map((pid) => readTextIfThere(`/proc/${pid}/status`).catch(() => undefined)));
  return pids.filter((_, index) => /^NSpid:\t\d+\t1$/m.test(statuses[index] ?? ""));
}
