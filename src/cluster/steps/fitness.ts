import { BeltError } from "../../util/errors.ts";
import type { EngineSpec } from "../spec/types.ts";
import type { HostFacts } from "./facts.ts";
import { systemOf } from "./systems.ts";
import { isAtLeast, oldestEngine } from "./versions.ts";

/** What an install of the engine and its first images want, in MiB. */
const leastDiskMiB = 2048;

/** Certificates are dated five minutes back, so that a clock that is behind by less still takes them. */
const largestSkewSeconds = 240;

/**
 * Refuses a host on which the rest cannot succeed, before anything on it is changed.
 *
 * @throws BeltError `host.unsupported`, `host.unfit` or `engine.unfit`, naming the machine and what stands in the way.
 */
export function requireFit(name: string, facts: HostFacts, spec: EngineSpec): void {
  requireClock(name, facts);
  if (facts.engineVersion === undefined) requireInstallable(name, facts, spec);
  else requireEngine(name, facts.engineVersion);
}

/** What a host is worth a line about, each in a few words: what works less well there. */
export function remarks(facts: HostFacts): readonly string[] {
  return [
    ...facts.missingModules.map((module) => consequences[module] ?? `the kernel has no ${module}`),
    ...(facts.cloudInit === "error" ? ["cloud-init ended with errors: see /var/log/cloud-init.log there"] : []),
  ];
}

const consequences: Readonly<Record<string, string>> = {
  ip_vs: "the kernel has no ip_vs: published ports on the routing mesh will not answer on this machine",
  vxlan: "the kernel has no vxlan: overlay networks will not reach this machine",
  br_netfilter: "the kernel has no br_netfilter: containers on one bridge are not firewalled from each other",
  overlay: "the kernel has no overlay: the engine will use a slower storage driver",
};

function requireClock(name: string, facts: HostFacts): void {
  const seconds = Math.abs(facts.clockSkewSeconds);
  if (seconds <= largestSkewSeconds) return;
  const direction = facts.clockSkewSeconds > 0 ? "ahead of" : "behind";
  throw new BeltError("host.unfit", `${name}'s clock is ${duration(seconds)} ${direction} this one's`, {
    hint: "certificates and swarm joins fail so: set both clocks, for example with timedatectl set-ntp true",
  });
}

function requireInstallable(name: string, facts: HostFacts, spec: EngineSpec): void {
  if (spec.install === "never") {
    throw new BeltError(
      "engine.unfit",
      `${name} has no Docker Engine, and "engine.install: never" says to install none`,
      {
        hint: `install Docker Engine ${oldestEngine} or newer there, or set "engine.install: auto"`,
      },
    );
  }
  systemOf(name, facts);
  if (facts.freeDiskMiB < leastDiskMiB) {
    throw new BeltError(
      "host.unfit",
      `${name} has ${facts.freeDiskMiB} MiB of disk left; the engine wants ${leastDiskMiB}`,
      {
        hint: "make room under /var/lib, or choose a larger size",
      },
    );
  }
}

function requireEngine(name: string, version: string): void {
  if (isAtLeast(version, oldestEngine)) return;
  throw new BeltError("engine.unfit", `${name} has Docker Engine ${version}; a swarm wants ${oldestEngine} or newer`, {
    hint: "upgrade or remove the engine there, then run the same command again",
  });
}

function duration(seconds: number): string {
  if (seconds < 600) return `${seconds} s`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 86_400)} days`;
}
