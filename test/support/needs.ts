import { accessSync, constants, readFileSync } from "node:fs";
import path from "node:path";

/** What tests need of the host beyond Node: namespaces and mounts of root's, strace, or machines of the local provider. */
export type Need = "root" | "strace" | "machines";

/** What decides which needs a host meets. */
export interface TestHost {
  readonly platform: NodeJS.Platform;
  /** The user's number; -1 where users have none. */
  readonly uid: number;
  /** The effective capabilities as the bits of capability.h; 0 where the kernel has none. */
  readonly capabilities: bigint;
  /** Whether a program is in the PATH. */
  readonly hasProgram: (name: string) => boolean;
}

/** A project that this host cannot run: its name, the number of its files, and why. */
export interface LeftOut {
  readonly project: string;
  readonly files: number;
  readonly reason: string;
}

/** Bits of capability.h. */
const capabilityBits = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;
type Capability = keyof typeof capabilityBits;

/** What files of a need do, what that takes, and the capabilities among it. */
const rights: Readonly<Record<Exclude<Need, "strace">, readonly [does: string, capabilities: readonly Capability[]]>> =
  {
    root: ["start a private sshd or mount", ["CAP_SYS_ADMIN"]],
    machines: ["make machines", ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]],
  };

/**
 * Why this host must leave out the files of a need, as the end of a sentence; `undefined` if it must not. Only what cannot be
 * changed from here is a reason. Root on Linux can install a missing package, so there the tests run, and fail without it.
 */
export function reasonToLeaveOut(need: Need, host: TestHost): string | undefined {
  if (need === "strace") return reasonWithoutStrace(host);
  const [does, capabilities] = rights[need];
  if (host.platform !== "linux") return `that ${does}: this is ${host.platform}, and they need Linux`;
  if (host.uid !== 0) return `that ${does}: this is user ${host.uid}, and they need root`;
  const missing = capabilities.filter((name) => (host.capabilities & (1n << capabilityBits[name])) === 0n);
  return missing.length > 0
    ? `that ${does}: root has no ${missing.join(" and no ")} here, as in a container`
    : undefined;
}

function reasonWithoutStrace({ platform, uid, hasProgram }: TestHost): string | undefined {
  const does = "that kill belt by strace";
  if (platform !== "linux") return `${does}: this is ${platform}, and strace needs Linux`;
  return uid !== 0 && !hasProgram("strace") ? `${does}: strace is not installed (apt-get install strace)` : undefined;
}

/** One line about files that are left out. */
export function sayLeftOut({ files, reason }: LeftOut): string {
  return `left out: ${files} ${files === 1 ? "file" : "files"} ${reason}`;
}

/** The host that this process runs on. */
export function thisHost(): TestHost {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return {
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    capabilities: process.platform === "linux" ? ownCapabilities() : 0n,
    hasProgram: (name) => folders.some((folder) => isExecutable(path.join(folder, name))),
  };
}

/** Source: proc_pid_status(5). */
function ownCapabilities(): bigint {
  const [, bits = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return BigInt(`0x${bits}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
