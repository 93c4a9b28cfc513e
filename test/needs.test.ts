import { describe, expect, it } from "vitest";
import { type Need, reasonToLeaveOut, sayLeftOut, type TestHost } from "./support/needs.ts";

const full: TestHost = { platform: "linux", uid: 0, capabilities: (1n << 41n) - 1n, hasProgram: () => true };
const without = (...bits: readonly bigint[]): bigint =>
  bits.reduce((left, bit) => left & ~(1n << bit), full.capabilities);
const [netAdmin, sysAdmin] = [12n, 21n];
const none = () => false;

const hosts: readonly (readonly [string, Partial<TestHost>, Readonly<Record<Need, string | undefined>>])[] = [
  ["root on Linux", {}, { root: undefined, strace: undefined, machines: undefined }],
  [
    "root on Linux with no package installed, where they fail and say what to install",
    { hasProgram: none },
    { root: undefined, strace: undefined, machines: undefined },
  ],
  [
    "an ordinary user",
    { uid: 1000, capabilities: 0n },
    {
      root: "that start a private sshd or mount: this is user 1000, and they need root",
      strace: undefined,
      machines: "that make machines: this is user 1000, and they need root",
    },
  ],
  [
    "an ordinary user without strace",
    { uid: 1000, capabilities: 0n, hasProgram: none },
    {
      root: "that start a private sshd or mount: this is user 1000, and they need root",
      strace: "that kill belt by strace: strace is not installed (apt-get install strace)",
      machines: "that make machines: this is user 1000, and they need root",
    },
  ],
  [
    "root of a container without rights",
    { capabilities: without(netAdmin, sysAdmin) },
    {
      root: "that start a private sshd or mount: root has no CAP_SYS_ADMIN here, as in a container",
      strace: undefined,
      machines: "that make machines: root has no CAP_SYS_ADMIN and no CAP_NET_ADMIN here, as in a container",
    },
  ],
  [
    "root of a container that may only not change networks",
    { capabilities: without(netAdmin) },
    {
      root: undefined,
      strace: undefined,
      machines: "that make machines: root has no CAP_NET_ADMIN here, as in a container",
    },
  ],
  [
    "macOS",
    { platform: "darwin", uid: 501, capabilities: 0n, hasProgram: none },
    {
      root: "that start a private sshd or mount: this is darwin, and they need Linux",
      strace: "that kill belt by strace: this is darwin, and strace needs Linux",
      machines: "that make machines: this is darwin, and they need Linux",
    },
  ],
];

describe("the tests that a host leaves out", () => {
  it.for(hosts)("on %s", ([, change, reasons]) => {
    const host = { ...full, ...change };
    for (const need of ["root", "strace", "machines"] as const)
      expect(reasonToLeaveOut(need, host), need).toBe(reasons[need]);
  });

  it("are told in one line per reason", () => {
    expect(sayLeftOut({ project: "root", files: 8, reason: "that start a private sshd or mount: why" })).toBe(
      "left out: 8 files that start a private sshd or mount: why",
    );
    expect(sayLeftOut({ project: "machines", files: 1, reason: "that make machines: why" })).toBe(
      "left out: 1 file that make machines: why",
    );
  });
});
