import type { DoctorContext, Finding, Look } from "./finding.ts";

/** What the kernel of this host, which local machines share, can do for a swarm; and what nobody has tried. */
export const lookAtKernel: Look = async (context) => {
  if (context.host.platform !== "linux") return [];
  return [
    await lookAtCgroups(context),
    await lookAtModule(
      context,
      "ip_vs",
      "ingress ports answer only on the node that runs the task, and service VIPs not at all: use endpoint mode dnsrr or host-mode ports",
    ),
    await lookAtModule(context, "vxlan", "overlay networks do not work between machines"),
    await lookAtModule(context, "br_netfilter", "published ports and overlay networks may not work"),
    await lookAtModule(context, "overlay", "neither local machines nor Docker's usual storage driver work"),
    await lookAtInotify(context),
    ...(await lookAtUntried(context)),
  ];
};

async function lookAtCgroups({ host }: DoctorContext): Promise<Finding> {
  const isVersion2 = await host.exists("/sys/fs/cgroup/cgroup.controllers");
  if (!isVersion2) return { check: "cgroups", state: "ok", found: "version 1" };
  return {
    check: "cgroups",
    state: "unknown",
    found: "version 2: local machines are written for it, and it is not proven yet",
  };
}

/** Where a feature shows itself, also when it is built into the kernel. */
const traces: Readonly<Record<string, string>> = { ip_vs: "/proc/net/ip_vs", br_netfilter: "/proc/sys/net/bridge" };

/** A module counts as there when it is loaded, built in, or can be loaded from the kernel's own list. */
async function lookAtModule({ host }: DoctorContext, name: string, consequence: string): Promise<Finding> {
  const check = `module ${name}`;
  const release = (await host.readText("/proc/sys/kernel/osrelease"))?.trim() ?? "";
  const isFileSystem =
    name === "overlay" && ((await host.readText("/proc/filesystems"))?.includes("\toverlay\n") ?? false);
  if (isFileSystem || (await isPresent(host, name))) return { check, state: "ok", found: "there" };
  const folder = `/lib/modules/${release}`;
  const lists = await Promise.all(["modules.dep", "modules.builtin"].map((file) => host.readText(`${folder}/${file}`)));
  if (lists.some((list) => list?.includes(`/${name}.ko`))) return { check, state: "ok", found: "can be loaded" };
  if (lists.every((list) => list === undefined)) {
    return {
      check,
      state: "unknown",
      found: `not loaded, and this kernel has no list of modules; without it ${consequence}`,
      next: `modprobe ${name}`,
    };
  }
  return { check, state: "warning", found: `missing: ${consequence}`, next: "A kernel with this module" };
}

async function isPresent(host: DoctorContext["host"], name: string): Promise<boolean> {
  const trace = traces[name];
  return (await host.exists(`/sys/module/${name}`)) || (trace !== undefined && (await host.exists(trace)));
}

/** Each systemd takes some; a few machines already use up Debian's usual 128. */
async function lookAtInotify({ host }: DoctorContext): Promise<Finding> {
  const text = await host.readText("/proc/sys/fs/inotify/max_user_instances");
  const limit = Number(text);
  const check = "inotify";
  if (text === undefined || !Number.isInteger(limit))
    return { check, state: "unknown", found: "the limit cannot be read" };
  if (limit >= 512) return { check, state: "ok", found: `${limit} instances a user` };
  return {
    check,
    state: "warning",
    found: `${limit} instances a user: too few for many local machines`,
    next: "sysctl fs.inotify.max_user_instances=8192",
  };
}

async function lookAtUntried({ host }: DoctorContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const apparmor = (await host.readText("/sys/module/apparmor/parameters/enabled"))?.trim();
  if (apparmor === "Y") {
    findings.push({
      check: "AppArmor",
      state: "unknown",
      found: "on: local machines were not tried under it; Docker in them wants apparmor_parser",
    });
  }
  const init = (await host.readText("/proc/1/comm"))?.trim();
  if (init === "systemd") {
    findings.push({
      check: "init",
      state: "unknown",
      found: "systemd: local machines were proven on hosts without it only",
    });
  }
  return findings;
}
