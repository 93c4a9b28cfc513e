import { mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { execute } from "./execute.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
/** Images of the local provider that are carried along, as far as this host has them: emulated, making them takes a quarter of an hour. */
const images = ["debian-13", "debian-13-docker"];
const diskBytes = 4 * 1024 ** 3; // sparse

/** Makes a disk with the checkout as it is (what git does not ignore) in `beltkit`, this host's images of machines in `images`, and what its npm has fetched in `npm`. */
export async function cargoDisk(folder: string): Promise<string> {
  const disk = path.join(folder, "cargo");
  const content = path.join(folder, "cargo-content");
  await rm(content, { recursive: true, force: true });
  for (const name of ["beltkit", "images", "npm"]) await mkdir(path.join(content, name), { recursive: true });
  await bash(`git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -c |
    tar -x -C ${content}/beltkit`);
  for (const image of images)
    await bash(`[ ! -d ${imagesFolder()}/${image} ] || cp -a ${imagesFolder()}/${image} ${content}/images/`);
  const fetched = path.join(homedir(), ".npm", "_cacache");
  await bash(`[ ! -d ${fetched} ] || cp -a ${fetched} ${content}/npm/`);
  await writeFile(disk, "");
  await truncate(disk, diskBytes);
  await execute("mke2fs", "-q", "-F", "-t", "ext4", "-d", content, disk);
  await rm(content, { recursive: true });
  return disk;
}

function bash(script: string): Promise<string> {
  return execute("bash", "-c", `set -euo pipefail; cd ${checkout}; ${script}`);
}

function imagesFolder(): string {
  const { BELT_LOCAL_ROOT: root = "/var/lib/beltkit" } = process.env;
  return path.join(root, "images");
}
