import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { makeFolder, movePath, removePath, writeFileAtomic } from "../../util/files.ts";
import { isRealFolder, namesIn } from "../../util/host-files.ts";
import type { Machine } from "../provider.ts";
import { describeImage } from "./base-image.ts";
import type { Cgroups } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { imageFolder, machineFolder } from "./layout.ts";
import { mustRecordOf } from "./machine.ts";
import { powerOff } from "./power.ts";

/** Files that belong to the one machine that the layer was made on, or to nobody. */
const own = [
  ...["etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/machine-id", "var/lib/dbus/machine-id"],
  // An engine up to 20.10 has its id in this file, and no two nodes of a swarm may share one.
  ...["etc/docker/key.json", "root/.ssh", "root/.bash_history", "root/.cache", "root/.lesshst"],
  ...["var/lib/systemd/random-seed", "var/lib/systemd/credential.secret", "var/lib/systemd/timers"],
];

/** Folders whose content goes and which stay themselves. */
const emptied = ["tmp", "var/tmp", "run", "var/log/journal", "var/lib/apt/lists", "var/cache/apt", "var/cache/debconf"];

/** What the machine that a layer is made on becomes, and with which engine. */
export interface LayerPlan {
  readonly name: string;
  readonly engine: string;
}

/**
 * Keeps what was changed on a machine as an image on top of the machine's own. The machine is powered off first, and is good
 * for nothing but to be removed afterwards. What the engine keeps under `/var/lib` is not part of it. Call it with the images
 * locked.
 */
export async function keepLayer(
  host: Host,
  cgroups: Cgroups,
  kept: { readonly machine: Machine; readonly plan: LayerPlan },
  signal: AbortSignal,
): Promise<void> {
  const { machine, plan } = kept;
  const record = await mustRecordOf(host.store, machine);
  const folder = machineFolder(host.store.root, record);
  await powerOff(host, cgroups, machine, signal);
  await host.store.writeMachine({ ...record, phase: "removing" });
  await host.command(["umount", path.join(folder, "root")], { signal });

  const draft = `${imageFolder(host.store.root, `.${plan.name}`)}.draft`;
  await host.command(["rm", "-rf", "--one-file-system", draft], { signal });
  await makeFolder(draft);
  const layer = path.join(draft, "root");
  if (!(await movePath(path.join(folder, "upper"), layer)))
    throw new BeltError("machine.failed", `${machine.name} has no layer of its own to keep`);
  await cleanLayer(layer);
  const image = await describeImage(host, { ...plan, base: record.image, folder: layer }, signal);
  await writeFileAtomic(path.join(draft, "image.json"), JSON.stringify(image, undefined, 2));
  await movePath(draft, imageFolder(host.store.root, plan.name));
}

/** Removes from a layer what must not be on two machines, or on none. Links that a machine made are never followed. */
export async function cleanLayer(layer: string): Promise<void> {
  for (const file of own) await removeInside(layer, file);
  for (const key of await namesInside(layer, "etc/ssh"))
    if (key.startsWith("ssh_host_")) await removeInside(layer, `etc/ssh/${key}`);
  for (const folder of emptied)
    for (const name of await namesInside(layer, folder)) await removeInside(layer, `${folder}/${name}`);
  await removeLogs(layer, "var/log");
}

/** Logs go, the folders that they are in stay: programs do not make them anew. */
async function removeLogs(layer: string, folder: string): Promise<void> {
  for (const name of await namesInside(layer, folder)) {
    const inside = `${folder}/${name}`;
    if (await isRealFolder(path.join(layer, inside))) await removeLogs(layer, inside);
    else await removeInside(layer, inside);
  }
}

async function removeInside(layer: string, file: string): Promise<void> {
  if (await hasRealParents(layer, file)) await removePath(path.join(layer, file));
}

async function namesInside(layer: string, folder: string): Promise<readonly string[]> {
  return (await hasRealParents(layer, `${folder}/.`)) ? await namesIn(path.join(layer, folder)) : [];
}

async function hasRealParents(layer: string, file: string): Promise<boolean> {
  const parts = file.split("/").slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth += 1)
    if (!(await isRealFolder(path.join(layer, ...parts.slice(0, depth))))) return false;
  return true;
}
