import path from "node:path";
import { quoteCommand, quoteWord } from "../../util/shell.ts";

/** All that the two scripts need to know of a machine. */
export interface BootPlan {
  readonly id: string;
  readonly name: string;
  /** The machine's folder. */
  readonly folder: string;
  /** The file systems below the machine's own layer, the uppermost first. */
  readonly lowers: readonly string[];
  readonly bridge: string;
  /** `10.80.0.5/22`. */
  readonly addressWithPrefix: string;
  readonly gateway: string;
  /** Of the machine's end of its link: the same at every power on. */
  readonly hardwareAddress: string;
  /** The cgroup folders that the supervisor enters. */
  readonly groups: readonly string[];
  /** With cgroup version 2: where each run gets a group of its own. */
  readonly runs: string | undefined;
  /** How nspawn fills the machine's resolv.conf. */
  readonly resolvConf: "copy-host" | "copy-uplink";
}

/** The exit code of the launch script when the machine's folder was removed meanwhile. */
export const goneCode = 3;

/**
 * The script that mounts a machine's file system, gives it a network of its own and starts its supervisor; it does nothing if
 * the machine runs. Run it with the machine's folder locked. It is one script so that a machine costs few processes, and so
 * that the death of the command that runs it does not stop it halfway.
 */
export function launchScript(plan: BootPlan): string {
  const { id, folder, groups } = plan;
  const [leading = ""] = groups;
  return `set -e
cd ${quoteWord(folder)} && [ -e machine.json ] || exit ${goneCode}
if read -r member < ${quoteWord(path.join(leading, "cgroup.procs"))}; then exit 0; fi
mkdir -p upper work root docker containerd
mountpoint -q root || mount -t overlay ${id} -o ${quoteWord(overlayOptions(plan))} root
${dropNetwork(id)}
ip -batch - <<'LINES'
${hostLines(plan).join("\n")}
LINES
ip -netns ${id} -batch - <<'LINES'
${machineLines(plan).join("\n")}
LINES
rm -f ended
for group in ${quoteCommand(groups)}; do echo 0 > "$group/cgroup.procs"; done
setsid sh ${quoteWord(path.join(folder, "boot.sh"))} </dev/null >console.log 2>&1 &
`;
}

/** The shell commands that remove a machine's link and namespace. The link first: removing a namespace takes its links away some time later. */
export function dropNetwork(id: string): string {
  return `[ ! -e /sys/class/net/${id} ] || ip link delete ${id}
[ ! -e /run/netns/${id} ] || ip netns delete ${id}`;
}

/**
 * The supervisor: it outlives the command that started it, boots the machine again when it reboots, and ends when it powers
 * off, leaving the exit code in \`ended\`.
 */
export function supervisorScript(plan: BootPlan): string {
  const enter = plan.runs === undefined ? "" : enterRun(plan.runs);
  const leave = plan.runs === undefined ? "" : leaveRun(plan.runs);
  return `#!/bin/sh
# Keeps the machine ${plan.name} running until it powers itself off.
cd ${quoteWord(plan.folder)} || exit 1
export SYSTEMD_NSPAWN_LOCK=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
run=0
while :; do
  run=$((run + 1))
  (${enter}
    exec ${quoteCommand(nspawn(plan))}
  )
  code=$?${leave}
  # systemd-nspawn ends with 133 when the machine asks for a reboot.
  [ "$code" = 133 ] || break
done
echo "$code" > ended
`;
}

/** Source: the kernel's documentation of overlayfs. */
function overlayOptions({ folder, lowers }: BootPlan): string {
  return `lowerdir=${lowers.join(":")},upperdir=${path.join(folder, "upper")},workdir=${path.join(folder, "work")}`;
}

function hostLines({ id, bridge, hardwareAddress }: BootPlan): readonly string[] {
  return [
    `netns add ${id}`,
    `link add ${id} type veth peer name eth0 address ${hardwareAddress} netns ${id}`,
    `link set ${id} master ${bridge} up`,
  ];
}

function machineLines({ addressWithPrefix, gateway }: BootPlan): readonly string[] {
  return [
    "link set lo up",
    `address add ${addressWithPrefix} broadcast + dev eth0`,
    "link set eth0 up",
    `route add default via ${gateway}`,
  ];
}

/**
 * Everything that a machine is allowed and given. It shares the kernel with the host, so the four capabilities that would reach
 * through to it are dropped: a machine must not set the host's clock. The engine's data needs a real file system, not an overlay.
 * Source: systemd-nspawn(1).
 */
function nspawn(plan: BootPlan): readonly string[] {
  const data = (name: string): string => path.join(plan.folder, name);
  return [
    "systemd-nspawn",
    "--quiet",
    "--boot",
    "--keep-unit",
    "--register=no",
    `--machine=${plan.id}`,
    `--hostname=${plan.name}`,
    `--directory=${data("root")}`,
    `--bind=${data("docker")}:/var/lib/docker`,
    `--bind=${data("containerd")}:/var/lib/containerd`,
    `--network-namespace-path=/run/netns/${plan.id}`,
    `--resolv-conf=${plan.resolvConf}`,
    "--private-users=no",
    "--capability=all",
    "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO,CAP_SYSLOG",
    "--system-call-filter=@known",
    "--console=read-only",
    "--kill-signal=SIGRTMIN+3",
    "--link-journal=no",
    "--timezone=off",
    // What systemd is given as if on the kernel command line: the console log tells how the machine boots.
    "systemd.show_status=yes",
  ];
}

/** With version 2 systemd-nspawn splits the group that it is in, so each run has a fresh one. */
function enterRun(runs: string): string {
  const folder = `${quoteWord(`${runs}/run-`)}"$run"`;
  return `
    mkdir ${folder} && echo 0 > ${folder}/cgroup.procs || exit 1`;
}

function leaveRun(runs: string): string {
  return `
  find ${quoteWord(`${runs}/run-`)}"$run" -depth -type d -exec rmdir {} \\; 2>/dev/null`;
}
