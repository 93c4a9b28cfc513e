import { messageOf } from "../../util/errors.ts";
import { readTextIfThere } from "../../util/files.ts";
import { findProgram, pathExists } from "../../util/host-files.ts";
import type { Problem, ProviderContext, ProviderSpec } from "../provider.ts";
import { roomFault } from "./file-faults.ts";
import { type Host, programFolders } from "./host.ts";
import { moduleProblems, unloadedModules } from "./kernel.ts";
import { movedSubnet } from "./moved-subnet.ts";
import { localOptions } from "./options.ts";
import { parseSize, unlimited } from "./size.ts";

/** Each program that the provider runs, and the Debian package that brings it. */
const programs: Readonly<Record<string, string>> = {
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  ip: "iproute2",
  iptables: "iptables",
  "iptables-save": "iptables",
  "iptables-restore": "iptables",
  flock: "util-linux",
  setsid: "util-linux",
  mount: "mount",
  umount: "mount",
  mountpoint: "util-linux",
};

/** The keys that a base image's packages are checked by. */
const archiveKeys = { file: "/usr/share/keyrings/debian-archive-keyring.gpg", package: "debian-archive-keyring" };

/** Bits of CapEff that machines need: CAP_NET_ADMIN and CAP_SYS_ADMIN. Source: capability.h */
const capabilities: readonly (readonly [string, bigint])[] = [
  ["CAP_NET_ADMIN", 1n << 12n],
  ["CAP_SYS_ADMIN", 1n << 21n],
];

/** Everything that this host lacks for machines, and everything in the requests that cannot be made here. */
export async function findProblems(
  host: Host,
  context: ProviderContext,
  spec: ProviderSpec,
): Promise<readonly Problem[]> {
  const packages = await missingPackages(context);
  return [
    ...(packages.length > 0 ? [lacking(host, packages)] : []),
    ...(await moduleProblems(host)),
    ...(await kernelProblems()),
    ...requestProblems(spec),
    ...(await subnetProblems(host, spec)),
  ];
}

/** The Debian packages that would bring what is missing, sorted. */
export async function missingPackages(context: Pick<ProviderContext, "env">): Promise<readonly string[]> {
  const folders = programFolders(context.env);
  const found = await Promise.all(Object.keys(programs).map((name) => findProgram(name, folders)));
  const missing = Object.values(programs).filter((_, index) => found[index] === undefined);
  if (!(await pathExists(archiveKeys.file))) missing.push(archiveKeys.package);
  const canLoad = (await findProgram("modprobe", folders)) !== undefined;
  if (!canLoad && (await unloadedModules()).length > 0) missing.push("kmod");
  return [...new Set(missing)].sort();
}

/** What is wrong with the sizes and the network that are asked for. */
export function requestProblems(spec: ProviderSpec): readonly Problem[] {
  const sizes = new Set(spec.requests.map(({ size }) => size ?? unlimited));
  const messages = [...sizes].flatMap((size) => problemOf(() => parseSize(size)));
  const hint = "Write sizes such as 512mb, 2gb, 2cpu or 2cpu-4gb.";
  return [
    ...messages.map((message) => ({ message, hint })),
    ...[...subnetsIn(spec)].flatMap((one) => tooSmall(one, spec)),
  ];
}

async function subnetProblems({ store }: Host, spec: ProviderSpec): Promise<readonly Problem[]> {
  const wanted = [...subnetsIn(spec)];
  if (wanted.length === 0) return []; // also where no cluster is meant, as for images
  const known = await store.readCluster(spec.clusterId);
  return wanted.flatMap((subnet) => movedSubnet(known, subnet) ?? []);
}

function subnetsIn({ requests }: ProviderSpec): ReadonlySet<string> {
  return new Set(requests.flatMap(({ options }) => localOptions.parse(options).subnet ?? []));
}

function tooSmall(text: string, spec: ProviderSpec): readonly Problem[] {
  const message = roomFault(spec.requests.length, text);
  return message === undefined ? [] : [{ message, hint: "Set `local.subnet` in the cluster file." }];
}

function problemOf(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function lacking(host: Host, packages: readonly string[]): Problem {
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  return {
    message: `this host lacks ${packages.join(", ")}`,
    hint: `Install it: apt-get update && ${install}`,
    fix: {
      title: `Install ${packages.join(", ")} on this host with apt-get`,
      apply: async (signal) => {
        const environment = ["env", "DEBIAN_FRONTEND=noninteractive"];
        await host.command([...environment, "apt-get", "update", "-q"], { signal });
        await host.command([...environment, ...install.split(" ")], { signal });
      },
    },
  };
}

async function kernelProblems(): Promise<readonly Problem[]> {
  const [status = "", mounts = ""] = await Promise.all(
    ["/proc/self/status", "/proc/self/mounts"].map((file) => readTextIfThere(file)),
  );
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const lost = capabilities.filter(([, bit]) => (effective & bit) === 0n).map(([name]) => name);
  const problems: Problem[] = [];
  if (lost.length > 0) {
    const hint = "Run it on the host itself, or in a container that is started with --privileged.";
    problems.push({ message: `root may not make machines here: it lacks ${lost.join(" and ")}`, hint });
  }
  if (!/ cgroup2? /.test(mounts))
    problems.push({
      message: "no cgroup hierarchy is mounted on this host",
      hint: "Mount one: mount -t cgroup2 none /sys/fs/cgroup",
    });
  return problems;
}
