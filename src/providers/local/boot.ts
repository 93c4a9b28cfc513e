import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { readTextIfThere, writeFileAtomic } from "../../util/files.ts";
import { pathExists } from "../../util/host-files.ts";
import { type BootPlan, goneCode, launchScript, supervisorScript } from "./boot-script.ts";
import { type Cgroups, entryFolders, makeCgroup, removeCgroup, runsFolder } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { imageFolder, machineFolder } from "./layout.ts";
import { addressing, hardwareAddress } from "./network.ts";
import type { ClusterRecord, MachineRecord } from "./record.ts";
import { parseSize } from "./size.ts";

/**
 * Powers a machine on: mounts, network, supervisor. Returns when its systemd has been started, not when it has booted; does
 * nothing if it runs. Its cluster's network must be there.
 *
 * @throws BeltError `machine.failed`, or `machine.missing` if it is removed meanwhile.
 */
export async function bootMachine(
  host: Host,
  cgroups: Cgroups,
  machine: { readonly record: MachineRecord; readonly cluster: ClusterRecord },
  signal: AbortSignal,
): Promise<void> {
  const { record, cluster } = machine;
  const folder = machineFolder(host.store.root, record);
  const plan = await planBoot(host, cgroups, record, cluster);
  await makeCgroup(cgroups, record.id, parseSize(record.size));
  await writeFileAtomic(path.join(folder, "boot.sh"), supervisorScript(plan), 0o755);
  const result = await runLocked(host, folder, launchScript(plan), signal);
  signal.throwIfAborted();
  if (result.code === 0) return;
  if (result.code === goneCode || !(await host.store.readMachine(record.clusterId, record.name))) {
    await removeCgroup(cgroups, record.id);
    throw new BeltError("machine.missing", `${record.name} was removed while it was started`);
  }
  const said = result.stderr.trim().split("\n").at(-1) ?? "";
  throw new BeltError("machine.failed", `${record.name} could not be powered on: ${said}`, {
    hint: `Look at what the host says: belt doctor; and at its console: belt console ${record.name}`,
  });
}

/** Runs a script while no other one works on the machine of this folder. Locking the folder itself leaves no lock file behind. */
export async function runLocked(
  host: Host,
  folder: string,
  script: string,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return await host.run(["flock", "--close", folder, "sh", "-s"], { signal, stdin: script });
}

async function planBoot(
  host: Host,
  cgroups: Cgroups,
  record: MachineRecord,
  cluster: ClusterRecord,
): Promise<BootPlan> {
  const { gateway, prefix } = addressing(cluster);
  return {
    id: record.id,
    name: record.name,
    folder: machineFolder(host.store.root, record),
    lowers: await fileSystems(host, record.image),
    bridge: cluster.bridge,
    addressWithPrefix: `${record.address}/${prefix}`,
    gateway,
    hardwareAddress: hardwareAddress(record.address),
    groups: entryFolders(cgroups, record.id),
    runs: runsFolder(cgroups, record.id),
    resolvConf: await resolvConfMode(),
  };
}

/** The file systems of an image, the uppermost first: its own, and that of the base that it is a layer on. */
async function fileSystems(host: Host, name: string): Promise<readonly string[]> {
  const image = await host.store.readImage(name);
  if (!image) {
    throw new BeltError("provider.requirements", `the image ${name} is not on this host any more`, {
      hint: `Make it again: belt image bake ${name}`,
    });
  }
  const own = path.join(imageFolder(host.store.root, name), "root");
  return image.base === undefined ? [own] : [own, ...(await fileSystems(host, image.base))];
}

/** A resolver that listens on the host's own loopback answers nobody else; systemd-resolved keeps the real servers beside. */
async function resolvConfMode(): Promise<BootPlan["resolvConf"]> {
  const servers = [...((await readTextIfThere("/etc/resolv.conf")) ?? "").matchAll(/^nameserver\s+(\S+)/gm)];
  const onlyLoopback = servers.length > 0 && servers.every(([, address = ""]) => /^(127\.|::1$)/.test(address));
  return onlyLoopback && (await pathExists("/run/systemd/resolve/resolv.conf")) ? "copy-uplink" : "copy-host";
}
