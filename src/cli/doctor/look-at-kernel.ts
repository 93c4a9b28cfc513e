import { type ModuleState, moduleStates } from "../../util/kernel-modules.ts";
import type { DoctorContext, Finding, Look } from "./finding.ts";

/** What a swarm cannot do on a kernel without a module. */
const consequences: Readonly<Record<string, string>> = {
  ip_vs:
    "ingress ports answer only on the node that runs the task, and service VIPs not at all: use endpoint mode dnsrr or host-mode ports",
  vxlan: "overlay networks do not work between machines",
  br_netfilter: "published ports and overlay networks may not work",
  overlay: "neither local machines nor Docker's usual storage driver work",
};

/** What the kernel of this host, which local machines share, can do for a swarm. */
export const lookAtKernel: Look = async ({ host }) => {
  if (host.platform !== "linux") return [];
  const modules = await moduleStates(Object.keys(consequences), host);
  return [
    await lookAtCgroups(host),
    ...modules.map(({ name, state }) => aboutModule(name, state)),
    await lookAtInotify(host),
    ...(await lookAtSecurity(host)),
  ];
};

type Host = DoctorContext["host"];

async function lookAtCgroups(host: Host): Promise<Finding> {
  const isVersion2 = await host.exists("/sys/fs/cgroup/cgroup.controllers");
  return { check: "cgroups", state: "ok", found: isVersion2 ? "version 2" : "version 1" };
}

function aboutModule(name: string, state: ModuleState): Finding {
  const check = `module ${name}`;
  const consequence = consequences[name];
  switch (state) {
    case "ready":
      return { check, state: "ok", found: "loaded" };
    case "loadable":
      return { check, state: "ok", found: "not loaded; belt loads it before machines start" };
    case "absent":
      return { check, state: "warning", found: `missing: ${consequence}`, next: "Use a kernel with this module" };
    case "unknown":
      return {
        check,
        state: "unknown",
        found: `not loaded, and this kernel has no list of modules; without it ${consequence}`,
        next: `modprobe ${name}`,
      };
  }
}

/** Each systemd takes some: machines need more than the kernel's own default. */
async function lookAtInotify(host: Host): Promise<Finding> {
  const limit = Number((await host.readText("/proc/sys/fs/inotify/max_user_instances")) ?? Number.NaN);
  const check = "inotify";
  if (!Number.isInteger(limit)) return { check, state: "unknown", found: "the limit cannot be read" };
  const note = limit >= 512 ? "" : "; belt raises it while there are local machines";
  return { check, state: "ok", found: `${limit} instances a user${note}` };
}

async function lookAtSecurity(host: Host): Promise<readonly Finding[]> {
  const apparmor = (await host.readText("/sys/module/apparmor/parameters/enabled"))?.trim();
  return apparmor === "Y" ? [{ check: "AppArmor", state: "ok", found: "on" }] : [];
}
