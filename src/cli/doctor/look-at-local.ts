import { quoteCommand } from "../../util/shell.ts";
import { bytesText } from "../units.ts";
import type { DoctorContext, Finding, Look } from "./finding.ts";

/** The programs that the local provider runs, and the Debian package of each. */
const programs: readonly (readonly [program: string, packageName: string])[] = [
  ["systemd-nspawn", "systemd-container"],
  ["mmdebstrap", "mmdebstrap"],
  ["ip", "iproute2"],
  ["iptables", "iptables"],
  ["nsenter", "util-linux"],
];

/** Below this an image and a few machines do not fit, in bytes. */
const littleDisk = 4 * 1024 ** 3;
/** An engine with a few services wants about this much, and there should be room for three, in bytes. */
const littleMemory = 1024 ** 3;

/** Whether machines can be made on this host. */
export const lookAtLocal: Look = async (context) => {
  if (context.host.platform !== "linux") {
    return [
      {
        check: "local machines",
        state: "problem",
        found: `not possible on ${context.host.platform}`,
        next: "belt cluster new --driver PROVIDER NAME",
      },
    ];
  }
  const root: Finding =
    context.host.uid === 0
      ? { check: "root", state: "ok", found: "running as root" }
      : {
          check: "root",
          state: "problem",
          found: `running as user ${context.host.uid}; local machines need root`,
          next: "sudo belt up",
        };
  return [root, await lookAtPrograms(context), await lookAtDisk(context), lookAtMemory(context)];
};

async function lookAtPrograms({ host }: DoctorContext): Promise<Finding> {
  const found = await Promise.all(programs.map(async (entry) => ({ entry, path: await host.findProgram(entry[0]) })));
  const missing = found.filter(({ path }) => path === undefined).map(({ entry }) => entry);
  if (missing.length === 0)
    return { check: "packages", state: "ok", found: programs.map(([program]) => program).join(", ") };
  const packages = [...new Set(missing.map(([, packageName]) => packageName))];
  return {
    check: "packages",
    state: "problem",
    found: `missing: ${missing.map(([program]) => program).join(", ")}`,
    next: `belt up --yes installs them, or: ${quoteCommand(["apt-get", "install", ...packages])}`,
  };
}

async function lookAtDisk({ host, env }: DoctorContext): Promise<Finding> {
  const root = env["BELT_LOCAL_ROOT"] || "/var/lib/beltkit";
  const free = await host.freeBytes(root);
  if (free === undefined) return { check: "disk", state: "unknown", found: `${root} cannot be looked at` };
  const found = `${bytesText(free)} free for ${root}`;
  if (free >= littleDisk) return { check: "disk", state: "ok", found };
  return { check: "disk", state: "warning", found, next: "Make room, or set BELT_LOCAL_ROOT to a larger disk" };
}

function lookAtMemory({ host }: DoctorContext): Finding {
  const found = `${bytesText(host.memoryBytes)} of memory`;
  if (host.memoryBytes >= littleMemory) return { check: "memory", state: "ok", found };
  return {
    check: "memory",
    state: "warning",
    found,
    next: "Fewer machines: belt template show quickstart > cluster.yml",
  };
}
