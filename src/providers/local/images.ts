import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { lockFile } from "../../util/file-lock.ts";
import { makeFolder, movePath } from "../../util/files.ts";
import type { ImageInfo, ImageStore } from "../provider.ts";
import { buildBase, codenames } from "./base-image.ts";
import { hostCgroups } from "./cgroup.ts";
import type { Host } from "./host.ts";
import { keepLayer } from "./layer.ts";
import { imageFolder } from "./layout.ts";
import { imageNames } from "./options.ts";

/** The images that machines are made from, and their making. */
export function openImages(host: Host): ImageStore {
  return {
    list: () => Promise.all(imageNames.map((name) => imageInfo(host, name))),
    build: async (name, onLine, signal) => {
      requireKnown(name);
      if (codenames[name] === undefined) {
        throw new BeltError("usage.invalid", `${name} is a layer with an engine, not a base image`, {
          hint: `Make it: belt image bake ${name}`,
        });
      }
      await withImages(host, signal, async () => {
        if (!(await host.store.readImage(name))) await buildBase(host, name, onLine, signal);
      });
    },
    keep: async (machine, name, engine, signal) => {
      await withImages(host, signal, async () => {
        await requireKeepable(host, machine.image, name);
        await keepLayer(host, await hostCgroups(), { machine, plan: { name, engine } }, signal);
      });
    },
    exclusively: (name, signal, work) => {
      requireKnown(name);
      return withLock(host, `.${name}.lock`, signal, work);
    },
    remove: (name, signal) => removeImage(host, name, signal),
  };
}

async function imageInfo(host: Host, name: string): Promise<ImageInfo> {
  const record = await host.store.readImage(name);
  return {
    name,
    state: record ? "ready" : "missing",
    base: record?.base ?? (codenames[name] === undefined ? name.replace(/-docker$/, "") : undefined),
    engine: record?.engine,
    bytes: record?.bytes ?? 0,
    createdAt: record?.createdAt,
  };
}

/** One at a time makes or removes images on this host: two commands that want the same one then make it once. */
async function withImages<T>(host: Host, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return await withLock(host, ".lock", signal, work);
}

async function withLock<T>(host: Host, lock: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const folder = path.dirname(imageFolder(host.store.root, "any"));
  await host.store.makeRoot();
  await makeFolder(folder);
  await using _lock = await lockFile(path.join(folder, lock), signal);
  return await work();
}

async function removeImage(host: Host, name: string, signal: AbortSignal): Promise<void> {
  requireKnown(name);
  await withImages(host, signal, async () => {
    const trash = `${imageFolder(host.store.root, `.${name}`)}.removed`;
    // With the host locked, no machine is given this image meanwhile.
    await host.locked(signal, async () => {
      await requireUnused(host, name);
      await host.command(["rm", "-rf", "--one-file-system", trash], { signal });
      await movePath(imageFolder(host.store.root, name), trash);
    });
    await host.command(["rm", "-rf", "--one-file-system", trash], { signal });
  });
}

async function requireUnused(host: Host, name: string): Promise<void> {
  const machines = (await host.store.allMachines()).filter((machine) => machine.image === name);
  const images = (await Promise.all(imageNames.map((image) => host.store.readImage(image)))).filter(
    (image) => image?.base === name,
  );
  const users = [
    ...images.map((image) => `the image ${image?.name}`),
    ...machines.map((machine) => `${machine.name} of ${machine.clusterName}`),
  ];
  if (users.length === 0) return;
  throw new BeltError("guard.removal", `the image ${name} is in use: ${users.slice(0, 5).join(", ")}${more(users)}`, {
    hint: "Remove what stands on it first.",
  });
}

function more(users: readonly string[]): string {
  return users.length > 5 ? `, and ${users.length - 5} more` : "";
}

async function requireKeepable(host: Host, machineImage: string, name: string): Promise<void> {
  requireKnown(name);
  if (name !== `${machineImage}-docker`) {
    throw new BeltError("usage.invalid", `a machine made from ${machineImage} cannot become the image ${name}`, {
      hint: `It can become ${machineImage}-docker.`,
    });
  }
  if (await host.store.readImage(name)) {
    throw new BeltError("guard.removal", `there is an image ${name} already`, {
      hint: `Remove it first: belt image rm ${name}`,
    });
  }
}

function requireKnown(name: string): void {
  if (imageNames.some((known) => known === name)) return;
  throw new BeltError("usage.invalid", `there is no image ${name}`, { hint: `Images: ${imageNames.join(", ")}.` });
}
