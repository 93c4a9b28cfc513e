import path from "node:path";
import { mapBounded } from "../../util/concurrency.ts";
import { BeltError, messageOf } from "../../util/errors.ts";
import { foldersIn, movePath, removePath } from "../../util/files.ts";
import { quoteWord } from "../../util/shell.ts";
import type { Machine, RemoveOutcome } from "../provider.ts";
import { runLocked } from "./boot.ts";
import { dropNetwork } from "./boot-script.ts";
import { type Cgroups, killCgroup, removeCgroup, removeParentCgroup } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { releaseKnobs } from "./knobs.ts";
import { clusterFolder, hostLockFile, machineFolder, machinesFolder } from "./layout.ts";
import { recordOf } from "./machine.ts";
import { removeNetwork } from "./network.ts";
import type { MachineRecord } from "./record.ts";
import { hexDigits } from "./seed.ts";

/** How many machines are removed at a time. */
const sideBySide = 4;
/** What a removed machine's folder is called until all its files are gone. */
const trashPrefix = ".removed-";

/** Removes machines with all that belongs to them on this host, and their clusters' networks with the last one. */
export async function removeMachines(
  host: Host,
  cgroups: Cgroups,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const results = await mapBounded(machines, sideBySide, async (machine) => {
    const record = await recordOf(host.store, machine);
    if (record) await removeMachine(host, cgroups, record, signal);
  });
  for (const clusterId of new Set(machines.map((machine) => machine.clusterId)))
    await removeClusterIfEmpty(host, cgroups, clusterId, signal);
  signal.throwIfAborted();
  return machines.map((machine, index) => outcome(machine, results[index]));
}

/** Removes one machine: processes, mounts, network, cgroups, files, in this order. Half removed already is fine. */
export async function removeMachine(
  host: Host,
  cgroups: Cgroups,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<void> {
  const folder = machineFolder(host.store.root, record);
  await host.store.writeMachine({ ...record, phase: "removing" });
  await killCgroup(host, cgroups, record.id, signal);
  await detach(host, record, signal);
  await removeCgroup(cgroups, record.id);
  // The record goes last, and at once with everything else: from here on nothing of the machine is left but files.
  const trash = path.join(path.dirname(folder), `${trashPrefix}${record.id}-${hexDigits(4, host.random)}`);
  await movePath(folder, trash);
  await host.command(["rm", "-rf", "--one-file-system", trash], { signal });
}

/** Removes a cluster's network and folder if no machine of it is left, and puts the host's settings back after the last cluster. */
export async function removeClusterIfEmpty(
  host: Host,
  cgroups: Cgroups,
  clusterId: string,
  signal: AbortSignal,
): Promise<void> {
  await host.locked(signal, async () => {
    const folder = machinesFolder(host.store.root, clusterId);
    const names = await foldersIn(folder);
    const trash = names.filter((name) => name.startsWith(trashPrefix)).map((name) => path.join(folder, name));
    if (trash.length > 0) await host.command(["rm", "-rf", "--one-file-system", ...trash], { signal });
    if (names.length > trash.length) return;
    const cluster = await host.store.readCluster(clusterId);
    if (cluster) await removeNetwork(host, cluster, signal);
    const wasLast = await releaseKnobs(clusterId);
    await removePath(clusterFolder(host.store.root, clusterId));
    if (!wasLast) return;
    await removeParentCgroup(cgroups);
    await removePath(hostLockFile); // the last thing done under it
  });
}

/** Unmounts the machine's file system and removes its network namespace and link, while nobody starts it. */
async function detach(host: Host, record: MachineRecord, signal: AbortSignal): Promise<void> {
  const folder = machineFolder(host.store.root, record);
  const script = detachScript(folder, record.id);
  const result = await runLocked(host, folder, script, signal);
  signal.throwIfAborted();
  if (result.code === 0) return;
  const said = result.stderr.trim().split("\n").at(-1) ?? "";
  throw new BeltError("machine.failed", `${record.name} could not be removed: ${said}`, {
    hint: "Somebody may be using its files: leave its folder, then run the same command again.",
    retryable: true,
  });
}

/** What systemd-nspawn itself leaves under /run when it is killed goes too. */
function detachScript(folder: string, id: string): string {
  const root = quoteWord(path.join(folder, "root"));
  return `set -e
while mountpoint -q ${root}; do umount --recursive ${root} || umount --recursive --lazy ${root}; done
${dropNetwork(id)}
for left in /run/systemd/nspawn/propagate/${id} /run/systemd/nspawn/unix-export/${id}; do
  if mountpoint -q "$left"; then umount "$left"; fi
  rm -rf --one-file-system "$left"
done
`;
}

function outcome(machine: Machine, result: PromiseSettledResult<void> | undefined): RemoveOutcome {
  if (result?.status !== "rejected") return { kind: "removed", machine };
  const { reason } = result;
  const error = reason instanceof Error ? reason : new BeltError("internal", messageOf(reason));
  return { kind: "failed", machine, error };
}
