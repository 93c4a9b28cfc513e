import { execFile } from "node:child_process";
import { copyFile, mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/**
 * Makes a tar that `docker import` takes as an image: one static program and its name as a shell. It stands in for what a
 * registry would give, since tests reach none.
 */
export async function busyboxTar(folder: string): Promise<string> {
  const root = path.join(folder, "image");
  await mkdir(path.join(root, "bin"), { recursive: true });
  await copyFile("/bin/busybox", path.join(root, "bin", "busybox"));
  await symlink("busybox", path.join(root, "bin", "sh"));
  const tar = path.join(folder, "image.tar");
  await promisify(execFile)("tar", ["-C", root, "-cf", tar, "."]);
  return tar;
}
