import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execute } from "./execute.ts";
import { packageSources } from "./package-sources.ts";
import { folderOf, type Suite } from "./suites.ts";

/** A Debian that boots, and the way into it. */
export interface SystemDisk {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** A private key that root's account lets in. */
  readonly key: string;
  /** The system's host key, under the name `vm`. */
  readonly knownHosts: string;
}

/** Makes the system's disk of Debian's packages, unless there is one by the same recipe. It takes a few minutes. */
export async function systemDisk(suite: Suite): Promise<SystemDisk> {
  const folder = path.join(folderOf(suite), "system");
  const at = (name: string): string => path.join(folder, name);
  const steps = await recipe(suite);
  if ((await readFile(at("recipe"), "utf8").catch(() => "")) !== steps.digest) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await execute("mmdebstrap", ...steps.options, suite, at("root"), ...steps.lines);
    await execute("bash", "-c", steps.finish, "bash", folder);
    await rm(at("root"), { recursive: true });
    await writeFile(at("recipe"), steps.digest);
  }
  return {
    ...{ disk: at("disk"), kernel: at("vmlinuz"), initrd: at("initrd"), key: at("id"), knownHosts: at("known_hosts") },
  };
}

/** What the system has beside what every Debian has: a kernel, SSH, what README's first command asks for, and its busybox. */
const packages =
  "linux-image-amd64,systemd-sysv,dbus,apparmor,openssh-server,ca-certificates,nodejs,npm,busybox-static";

async function recipe(suite: Suite) {
  const { lines, aptConfigurations, copies } = await packageSources(suite);
  const options = [
    "--variant=important",
    `--include=${packages}`,
    ...aptConfigurations.map((file) => `--aptopt=${file}`),
  ];
  const finish = finishing(copies.map(([file, folder]) => `mkdir -p root${folder} && cp "${file}" root${folder}/`));
  const files = [...aptConfigurations, ...copies.map(([file]) => file)];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const digest = createHash("sha256")
    .update(JSON.stringify([options, lines, finish, texts]))
    .digest("hex");
  return { options, lines, finish, digest };
}

/** A script of bash that makes of `root`, in the folder that it is given, a disk of 20 GiB (sparse) and what boots it. */
const finishing = (copies: readonly string[]): string => `
  set -euo pipefail; cd "$1"
  ${copies.join("\n  ")}
  chroot root update-ca-certificates
  echo vm >root/etc/hostname
  echo '127.0.1.1 vm' >>root/etc/hosts
  echo '/dev/vda / ext4 defaults 0 1' >root/etc/fstab
  printf '%s\\n' 'auto eth0' 'iface eth0 inet static' ' address 10.0.2.15/24' ' gateway 10.0.2.2' >root/etc/network/interfaces.d/eth0
  rm -f root/etc/resolv.conf; echo 'nameserver 10.0.2.3' >root/etc/resolv.conf # QEMU's own network answers there
  ssh-keygen -q -t ed25519 -N '' -C vm -f id
  mkdir -p -m 700 root/root/.ssh; cp id.pub root/root/.ssh/authorized_keys
  echo "vm $(cut -d ' ' -f 1,2 root/etc/ssh/ssh_host_ed25519_key.pub)" >known_hosts
  cp root/boot/vmlinuz-* vmlinuz; cp root/boot/initrd.img-* initrd
  truncate -s 20G disk; mke2fs -q -F -t ext4 -d root disk`;
