import path from "node:path";
import { describeImage } from "../../../src/providers/local/base-image.ts";
import type { Host } from "../../../src/providers/local/host.ts";
import { cleanLayer } from "../../../src/providers/local/layer.ts";
import { imageFolder } from "../../../src/providers/local/layout.ts";
import { lockFile } from "../../../src/util/file-lock.ts";
import { makeFolder, movePath, writeFileAtomic } from "../../../src/util/files.ts";

/** A layer on an image of the local provider that makes a cloud's image of it: cloud-init. */
export interface CloudImage {
  /** The folder of the layer, as the local provider keeps images. */
  readonly folder: string;
  /** The images below it, the uppermost first. */
  readonly bases: readonly string[];
}

/**
 * Makes the cloud layer on an image of this host unless it is there: once, some ten seconds, from Debian's packages. `bases`
 * are the images below, the uppermost first: `["debian-13"]` or `["debian-13-docker", "debian-13"]`.
 */
export async function ensureCloudImage(host: Host, bases: readonly string[], signal: AbortSignal): Promise<CloudImage> {
  const [top = ""] = bases;
  const name = `${top}-cloud`;
  const folder = imageFolder(host.store.root, name);
  await using _lock = await lockFile(path.join(path.dirname(folder), `.${name}.lock`), signal);
  if (!(await host.store.readImage(name))) await build(host, { name, bases }, signal);
  return { folder, bases };
}

async function build(
  host: Host,
  image: { readonly name: string; readonly bases: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { name, bases } = image;
  const [top = ""] = bases;
  const draft = `${imageFolder(host.store.root, `.${name}`)}.draft`;
  const layer = path.join(draft, "root");
  const merged = path.join(draft, "merged");
  await host.run(["umount", merged], { signal });
  await host.command(["rm", "-rf", "--one-file-system", draft], { signal });
  for (const part of ["root", "work", "merged"]) await makeFolder(path.join(draft, part));
  const lowers = bases.map((base) => path.join(imageFolder(host.store.root, base), "root")).join(":");
  const options = `lowerdir=${lowers},upperdir=${layer},workdir=${path.join(draft, "work")}`;
  await host.command(["mount", "-t", "overlay", "belt-cloud-image", "-o", options, merged], { signal });
  try {
    await host.command(installCommand(name, merged), { signal });
  } finally {
    await host.command(["umount", merged], { signal: new AbortController().signal });
  }
  await cleanLayer(layer);
  const record = await describeImage(host, { name, base: top, folder: layer }, signal);
  await writeFileAtomic(path.join(draft, "image.json"), JSON.stringify(record, undefined, 2));
  await host.command(["rm", "-rf", path.join(draft, "work"), merged], { signal });
  await movePath(draft, imageFolder(host.store.root, name));
}

function installCommand(name: string, root: string): readonly string[] {
  const script = "apt-get update -qq && apt-get install -y -qq --no-install-recommends cloud-init";
  return [
    ...[
      "env",
      "SYSTEMD_NSPAWN_LOCK=0",
      "systemd-nspawn",
      "--quiet",
      "--register=no",
      "--keep-unit",
      "--as-pid2",
      "--pipe",
    ],
    ...[`--machine=${name}`, "--resolv-conf=copy-host", "--timezone=off", "--link-journal=no", "--private-users=no"],
    ...["--setenv=DEBIAN_FRONTEND=noninteractive", `--directory=${root}`, "sh", "-c", script],
  ];
}
