import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { makeFolder, movePath, removePath, writeFileAtomic } from "../../util/files.ts";
import { linkOnce, namesIn } from "../../util/host-files.ts";
import type { Host } from "./host.ts";
import { imageFolder } from "./layout.ts";
import { hostMirror, sourceLines } from "./mirror.ts";
import type { ImageRecord } from "./record.ts";

/** Debian's releases that a base image can be made of, by the image's name. */
export const codenames: Readonly<Record<string, string>> = { "debian-13": "trixie", "debian-12": "bookworm" };

/** What a cloud's image of Debian has, as far as it matters here. */
const packages = [
  ...["systemd-sysv", "dbus", "openssh-server", "sudo", "ca-certificates", "curl", "gnupg"],
  ...["iproute2", "iptables", "iputils-ping", "kmod", "less", "netbase", "procps"],
];

/** What mmdebstrap or a package left that belongs to no machine, or to one only. */
const leftovers = ["etc/hostname", "etc/resolv.conf", "etc/machine-id", "var/lib/dbus/machine-id"];

/** Settings of the host's apt without which its mirror may not be reached, or not believed. */
const aptSettings = ["Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until"];

/** Makes a base image from Debian's packages: under another name first, then renamed. Call it with the images locked. */
export async function buildBase(
  host: Host,
  name: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const codename = codenames[name];
  if (codename === undefined) throw new BeltError("internal", `${name} is not a base image`);
  const draft = `${imageFolder(host.store.root, `.${name}`)}.draft`;
  const root = path.join(draft, "root");
  await host.command(["rm", "-rf", "--one-file-system", draft], { signal });
  await makeFolder(draft);
  try {
    const sources = sourceLines(await hostMirror(), codename);
    const argv = ["mmdebstrap", "--mode=root", "--variant=minbase", `--include=${packages.join(",")}`];
    await host.command([...argv, ...(await aptOptions(host, signal)), codename, root, ...sources], { signal, onLine });
    await finish(root);
    const record = await describeImage(host, { name, folder: root }, signal);
    await writeFileAtomic(path.join(draft, "image.json"), JSON.stringify(record, undefined, 2));
    await movePath(draft, imageFolder(host.store.root, name));
  } catch (cause) {
    signal.throwIfAborted();
    throw new BeltError("provider.requirements", `the image ${name} could not be made from Debian's packages`, {
      hint: "Check that this host reaches its Debian mirror: apt-get update",
      cause,
    });
  } finally {
    await host.run(["rm", "-rf", "--one-file-system", draft], { signal: new AbortController().signal });
  }
}

/** The record of an image, with the bytes that it takes on the disk. */
export async function describeImage(
  host: Host,
  image: { readonly name: string; readonly folder: string; readonly base?: string; readonly engine?: string },
  signal: AbortSignal,
): Promise<ImageRecord> {
  const { folder, ...rest } = image;
  const printed = await host.command(["du", "-s", "-B1", folder], { signal });
  return {
    version: 1,
    ...rest,
    bytes: Number.parseInt(printed, 10),
    createdAt: new Date(host.clock.now()).toISOString(),
  };
}

/** Debian's image as it boots in systemd-nspawn, with sshd for keys only. */
async function finish(root: string): Promise<void> {
  const hostKeys = (await namesIn(path.join(root, "etc/ssh"))).filter((file) => file.startsWith("ssh_host_"));
  for (const file of [...leftovers, ...hostKeys.map((key) => `etc/ssh/${key}`)])
    await removePath(path.join(root, file));
  // Nobody wants apt's lock taken at a random hour, on every machine of a host.
  for (const timer of ["apt-daily.timer", "apt-daily-upgrade.timer"])
    await removePath(path.join(root, "etc/systemd/system/timers.target.wants", timer));
  await writeFileAtomic(path.join(root, "etc/ssh/sshd_config.d/keys-only.conf"), keysOnly);
  await writeFileAtomic(path.join(root, "usr/local/lib/beltkit/open-cgroups"), openCgroups, 0o755);
  const units = path.join(root, "etc/systemd/system");
  await writeFileAtomic(path.join(units, "beltkit-cgroups.service"), cgroupsUnit);
  await makeFolder(path.join(units, "sysinit.target.wants"));
  await linkOnce("../beltkit-cgroups.service", path.join(units, "sysinit.target.wants/beltkit-cgroups.service"));
}

async function aptOptions(host: Host, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await host.run(["apt-config", "dump", ...aptSettings], { signal });
  const lines = stdout.split("\n").filter((line) => /^Acquire::\S+ "[^"]+";$/.test(line));
  return lines.map((line) => `--aptopt=${line}`);
}

const keysOnly = `PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
`;

const openCgroups = `#!/bin/sh
# systemd-nspawn shows the host's version 1 cgroup hierarchies read-only, and the engine has to make groups in them. Only the
# view from inside is changed: below it is this machine's own group alone.
findmnt --raw --noheadings --output TARGET --types cgroup,cgroup2 | while read -r target; do
  mount -o remount,bind,rw "$target" || mount -o remount,rw "$target" || echo "$target stays read-only"
done
# The engine shares mounts with its containers.
mount --make-rshared /
`;

const cgroupsUnit = `[Unit]
Description=Writable control groups for the container engine
DefaultDependencies=no
Before=sysinit.target containerd.service docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/beltkit/open-cgroups

[Install]
WantedBy=sysinit.target
`;
