import path from "node:path";
import { mapBounded } from "../../util/concurrency.ts";
import { BeltError, messageOf } from "../../util/errors.ts";
import type { CreateOutcome, MachineRequest } from "../provider.ts";
import { type Allocation, allocate, withoutWorker } from "./allocate.ts";
import { bootMachine } from "./boot.ts";
import type { Cgroups } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { machineFolder } from "./layout.ts";
import { asMachine, observeMachine } from "./machine.ts";
import type { ClusterRecord, MachineRecord } from "./record.ts";
import { removeMachine } from "./remove.ts";
import { seedMachine } from "./seed.ts";

/** How many machines are made or removed at a time: the work is the kernel's, and more only wait for its locks. */
export const sideBySide = 4;

/** Makes machines; each is powered on when this returns, and boots. Places are given to all of them first, under one lock. */
export async function createMachines(
  host: Host,
  cgroups: Cgroups,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const places = await host.locked(signal, () =>
    mapBounded(requests, 1, (request) => allocate(host, cgroups, request, signal)),
  );
  const results = await mapBounded(places, sideBySide, async (place, index): Promise<CreateOutcome> => {
    const request = requests[index];
    if (!request) throw new BeltError("internal", "empty request for a machine");
    if (place.status === "rejected") throw place.reason;
    return await bringAbout(host, cgroups, { request, place: place.value }, signal);
  });
  signal.throwIfAborted();
  return results.map((result, index) =>
    result.status === "fulfilled" ? result.value : refusal(requests[index]?.name ?? "", result.reason),
  );
}

interface Placed {
  readonly request: MachineRequest;
  readonly place: Allocation;
}

async function bringAbout(host: Host, cgroups: Cgroups, placed: Placed, signal: AbortSignal): Promise<CreateOutcome> {
  const { request, place } = placed;
  switch (place.kind) {
    case "half-removed": {
      await removeMachine(host, cgroups, place.record, signal);
      const again = await host.locked(signal, () => allocate(host, cgroups, request, signal));
      return await bringAbout(host, cgroups, { request, place: again }, signal);
    }
    case "there":
      return { kind: "exists", machine: await reviveFailed(host, cgroups, place.record, signal) };
    case "make": {
      const record = await make(host, cgroups, { request, place }, signal);
      return { kind: place.isNew ? "accepted" : "exists", machine: asMachine(record, { kind: "running" }) };
    }
  }
}

async function make(
  host: Host,
  cgroups: Cgroups,
  { request, place }: Placed,
  signal: AbortSignal,
): Promise<MachineRecord> {
  const { record } = place;
  try {
    const folder = machineFolder(host.store.root, record);
    if (!(place.kind === "make" && place.isNew)) await unmountLeftover(host, folder, signal);
    await seedMachine(path.join(folder, "upper"), record, request, host.random);
    await bootMachine(host, cgroups, { record, cluster: await clusterOf(host, record) }, signal);
    const made = withoutWorker({ ...record, phase: "made" });
    await host.store.writeMachine(made);
    return made;
  } catch (error) {
    // An interrupted one waits for the same command again; one that the host refuses is not left lying about.
    if (signal.aborted) await host.store.writeMachine(withoutWorker(record));
    else await removeMachine(host, cgroups, record, signal);
    throw error;
  }
}

/** A layer must not be written to while it is mounted. */
async function unmountLeftover(host: Host, folder: string, signal: AbortSignal): Promise<void> {
  await host.command(
    ["sh", "-c", 'if mountpoint -q "$1"; then umount "$1"; fi', "unmount", path.join(folder, "root")],
    {
      signal,
    },
  );
}

/** A machine that could not boot is given another try by whoever asks for it. */
async function reviveFailed(host: Host, cgroups: Cgroups, record: MachineRecord, signal: AbortSignal) {
  const machine = await observeMachine(host.store, cgroups, record);
  if (machine.state.kind !== "failed") return machine;
  await bootMachine(host, cgroups, { record, cluster: await clusterOf(host, record) }, signal);
  return await observeMachine(host.store, cgroups, record);
}

/** The record of a machine's cluster, which is there as long as the machine is. */
export async function clusterOf(host: Host, record: MachineRecord): Promise<ClusterRecord> {
  const cluster = await host.store.readCluster(record.clusterId);
  if (cluster) return cluster;
  throw new BeltError("state.damaged", `the record of ${record.name}'s cluster is gone from ${host.store.root}`, {
    hint: `Remove the machine and make it again: belt rm ${record.name}`,
  });
}

function refusal(name: string, reason: unknown): CreateOutcome {
  const error = reason instanceof Error ? reason : new BeltError("internal", messageOf(reason));
  return { kind: "refused", name, error };
}
