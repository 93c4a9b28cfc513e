import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { foldersIn, makeFolder, readTextIfThere } from "../../util/files.ts";
import { removeEmptyFolder, writeValue } from "../../util/host-files.ts";
import { sendSignal } from "../../util/signals.ts";
import type { Host } from "./host.ts";
import type { Size } from "./size.ts";

/** One mounted cgroup hierarchy. */
export interface Hierarchy {
  readonly at: string;
  readonly version: 1 | 2;
  /** Version 1 only: the controllers that the mount's options name. */
  readonly controllers: readonly string[];
}

/** How this host groups processes: version 1 (with or without an empty version 2 tree beside it), or version 2 alone. */
export interface Cgroups {
  readonly version: 1 | 2;
  readonly hierarchies: readonly Hierarchy[];
}

/** The group above all machines' groups, in every hierarchy. */
const parent = "beltkit";
const cpuPeriodMicros = 100_000;
const v2Controllers = ["cpu", "cpuset", "io", "memory", "pids"];

/** Reads `/proc/self/mounts`; `undefined` if no cgroup hierarchy is mounted. Source: proc(5), cgroups(7). */
export function parseCgroups(mounts: string): Cgroups | undefined {
  const hierarchies = mounts.split("\n").flatMap((line): Hierarchy[] => {
    const [, at = "", type = "", options = ""] = line.split(" ");
    if (type === "cgroup2") return [{ at, version: 2, controllers: [] }];
    return type === "cgroup" ? [{ at, version: 1, controllers: options.split(",") }] : [];
  });
  if (hierarchies.length === 0) return undefined;
  return { version: hierarchies.some((one) => one.version === 1) ? 1 : 2, hierarchies };
}

/** How this host groups processes. @throws BeltError `provider.requirements` if it does not. */
export async function hostCgroups(): Promise<Cgroups> {
  const cgroups = parseCgroups((await readTextIfThere("/proc/self/mounts")) ?? "");
  if (cgroups) return cgroups;
  throw new BeltError("provider.requirements", "no cgroup hierarchy is mounted on this host", {
    hint: "Mount one: mount -t cgroup2 none /sys/fs/cgroup",
  });
}

/** The folders in which a machine's supervisor enters its id. With version 2 it has a leaf of its own, since only leaves hold processes. */
export function entryFolders(cgroups: Cgroups, id: string): readonly string[] {
  return machineFolders(cgroups, id).map((folder) =>
    cgroups.version === 2 ? path.join(folder, "supervisor") : folder,
  );
}

/** The version 2 folder under which each run of a machine has a group of its own; `undefined` with version 1. */
export function runsFolder(cgroups: Cgroups, id: string): string | undefined {
  return cgroups.version === 2 ? machineFolders(cgroups, id)[0] : undefined;
}

/** Makes a machine's groups, with its limits. */
export async function makeCgroup(cgroups: Cgroups, id: string, size: Size): Promise<void> {
  for (const hierarchy of cgroups.hierarchies) {
    const above = path.join(hierarchy.at, parent);
    await makeFolder(above);
    if (cgroups.version === 2) await delegate([hierarchy.at, above]);
    if (hierarchy.controllers.includes("cpuset")) await openCpuset(hierarchy.at, above);
    await makeFolder(path.join(above, id));
  }
  await limitCgroup(cgroups, id, size);
  for (const folder of entryFolders(cgroups, id)) await makeFolder(folder);
}

/** Gives a machine's groups other limits, also while it runs; what has no limit any more loses it. */
export async function limitCgroup(cgroups: Cgroups, id: string, size: Size): Promise<void> {
  for (const hierarchy of cgroups.hierarchies)
    for (const [file, value] of limits(cgroups, hierarchy, size))
      await writeValue(path.join(hierarchy.at, parent, id, file), value);
}

/** The memory of a machine that the kernel cannot take back by dropping caches, in bytes; version 2 only. Source: cgroup-v2, memory.stat. */
export async function pinnedBytes(cgroups: Cgroups, id: string): Promise<number> {
  const text = (await readTextIfThere(path.join(leadingFolder(cgroups, id), "memory.stat"))) ?? "";
  return [...text.matchAll(/^(?:anon|shmem) (\d+)$/gm)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** Whether any process runs in a machine's group. */
export async function isOccupied(cgroups: Cgroups, id: string): Promise<boolean> {
  const folder = leadingFolder(cgroups, id);
  if (cgroups.version === 1) return ((await readTextIfThere(path.join(folder, "cgroup.procs"))) ?? "") !== "";
  return /^populated 1$/m.test((await readTextIfThere(path.join(folder, "cgroup.events"))) ?? "");
}

/** The ids of all processes of a machine, of every depth. */
export async function processesIn(cgroups: Cgroups, id: string): Promise<readonly number[]> {
  return await processesBelow(leadingFolder(cgroups, id));
}

/** Kills everything in a machine's group, and waits until it is gone. @throws BeltError `machine.failed` if it does not go. */
export async function killCgroup(host: Host, cgroups: Cgroups, id: string, signal: AbortSignal): Promise<void> {
  const until = host.clock.elapsed() + 20_000;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const pids = await processesIn(cgroups, id);
    if (pids.length === 0) return;
    if (host.clock.elapsed() > until) break;
    for (const pid of pids) sendSignal(pid, "SIGKILL");
    await host.clock.sleep(pauseMs, signal);
  }
  throw new BeltError("machine.failed", `processes of the machine ${id} do not end, even when killed`, {
    hint: "They are blocked in the kernel, usually on disk I/O. Try again later.",
    retryable: true,
  });
}

/** Removes a machine's groups; those that are gone already are fine. */
export async function removeCgroup(cgroups: Cgroups, id: string): Promise<void> {
  for (const folder of machineFolders(cgroups, id)) await removeTree(folder);
}

/** Removes the group above all machines, if none is left in it. */
export async function removeParentCgroup(cgroups: Cgroups): Promise<void> {
  for (const { at } of cgroups.hierarchies) {
    const folder = path.join(at, parent);
    if ((await foldersIn(folder)).length === 0) await removeEmptyFolder(folder);
  }
}

function machineFolders(cgroups: Cgroups, id: string): readonly string[] {
  return cgroups.hierarchies.map(({ at }) => path.join(at, parent, id));
}

/** The one hierarchy that is asked who is in a group: every process is in the same group of each of them. */
function leadingFolder(cgroups: Cgroups, id: string): string {
  const leading = cgroups.hierarchies.find(({ controllers }) => controllers.includes("pids")) ?? cgroups.hierarchies[0];
  return path.join(leading?.at ?? "", parent, id);
}

async function processesBelow(folder: string): Promise<readonly number[]> {
  const own = ((await readGone(path.join(folder, "cgroup.procs"))) ?? "").split("\n").filter(Boolean).map(Number);
  const below = await Promise.all((await foldersIn(folder)).map((name) => processesBelow(path.join(folder, name))));
  return [...own, ...below.flat()];
}

/** A group that is removed while it is read answers ENODEV. */
async function readGone(file: string): Promise<string | undefined> {
  try {
    return await readTextIfThere(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENODEV") return undefined;
    throw error;
  }
}

async function removeTree(folder: string): Promise<void> {
  for (const name of await foldersIn(folder)) await removeTree(path.join(folder, name));
  await removeEmptyFolder(folder);
}

/** A new version 1 cpuset has no processor and no memory, and takes no process, until its parent's are copied into it. */
async function openCpuset(at: string, above: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    await writeValue(path.join(above, file), (await readTextIfThere(path.join(at, file))) ?? "");
  await writeValue(path.join(above, "cgroup.clone_children"), "1");
}

/** Hands the controllers that the host has down to the groups below. */
async function delegate(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const there = ((await readTextIfThere(path.join(folder, "cgroup.controllers"))) ?? "").trim().split(" ");
    const wanted = v2Controllers.filter((name) => there.includes(name)).map((name) => `+${name}`);
    if (wanted.length > 0) await writeValue(path.join(folder, "cgroup.subtree_control"), wanted.join(" "));
  }
}

function limits(cgroups: Cgroups, hierarchy: Hierarchy, size: Size): readonly (readonly [string, string])[] {
  const quota = size.cpus === undefined ? undefined : Math.round(size.cpus * cpuPeriodMicros);
  const none = cgroups.version === 2 ? "max" : "-1";
  const has = (controller: string): boolean => cgroups.version === 2 || hierarchy.controllers.includes(controller);
  const memory = cgroups.version === 2 ? "memory.max" : "memory.limit_in_bytes";
  return [
    ...(has("memory") ? [[memory, size.memoryBytes === undefined ? none : String(size.memoryBytes)] as const] : []),
    ...(has("cpu") ? cpuLimit(cgroups.version, quota === undefined ? none : String(quota)) : []),
  ];
}

function cpuLimit(version: 1 | 2, quota: string): readonly (readonly [string, string])[] {
  if (version === 2) return [["cpu.max", `${quota} ${cpuPeriodMicros}`]];
  return [
    ["cpu.cfs_period_us", String(cpuPeriodMicros)],
    ["cpu.cfs_quota_us", quota],
  ];
}
