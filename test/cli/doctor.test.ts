import { describe, expect, test } from "vitest";
import type { Host } from "../../src/cli/context.ts";
import { belt, type Setting } from "./fakes.ts";

/** A host that has everything. */
const good: Partial<Host> = {
  findProgram: async (name) => `/usr/bin/${name}`,
  exists: async (path) => path.startsWith("/sys/module/"),
  readText: async (path) => texts[path],
};

const texts: Readonly<Record<string, string>> = {
  "/proc/sys/fs/inotify/max_user_instances": "8192\n",
  "/proc/filesystems": "nodev\toverlay\n",
};

interface Found {
  readonly check: string;
  readonly state: string;
  readonly found: string;
  readonly next?: string;
}

async function findings(setting: Setting): Promise<readonly Found[]> {
  return JSON.parse((await belt(["doctor", "--json"], setting)).stdout).findings;
}

describe("belt doctor", () => {
  test("finds nothing wrong with a host that has everything, and ends with 0", async () => {
    const run = await belt(["doctor"], { host: good });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("0 problems, 0 warnings, 0 unknown.");
  });

  test.each<[string, Partial<Host>, Partial<Found>]>([
    ["no root", { uid: 1000 }, { check: "root", state: "problem", next: "sudo belt up" }],
    [
      "a missing package",
      { findProgram: async (name) => (name === "mmdebstrap" ? undefined : `/usr/bin/${name}`) },
      { check: "packages", state: "problem", next: "belt up --yes installs them, or: apt-get install mmdebstrap" },
    ],
    [
      "no docker command",
      { findProgram: async (name) => (name === "docker" ? undefined : `/usr/bin/${name}`) },
      { check: "docker client", state: "warning" },
    ],
    ["a full disk", { freeBytes: async () => 1024 }, { check: "disk", state: "warning" }],
    ["another system", { platform: "darwin" }, { check: "local machines", state: "problem" }],
    ["cgroup v2", { exists: async () => true }, { check: "cgroups", state: "ok", found: "version 2" }],
    [
      "few inotify instances",
      { readText: async () => "128" },
      { check: "inotify", state: "ok", found: "128 instances a user; belt raises it while there are local machines" },
    ],
    ["no list of modules", { exists: async () => false }, { check: "module ip_vs", state: "unknown" }],
    [
      "a kernel without ip_vs",
      { exists: async () => false, readText: async () => "kernel/net/vxlan.ko:" },
      { check: "module ip_vs", state: "warning" },
    ],
    [
      "a module that is not loaded",
      {
        exists: async () => false,
        readText: async (path) => (path.endsWith("modules.dep") ? "kernel/net/ip_vs.ko.xz:" : undefined),
      },
      { check: "module ip_vs", state: "ok", found: "not loaded; belt loads it before machines start" },
    ],
    [
      "a kernel without overlayfs",
      { exists: async () => false, readText: async () => "kernel/net/vxlan.ko:" },
      { check: "module overlay", state: "warning" },
    ],
  ])("sees %s", async (_what, change, finding) => {
    expect(await findings({ host: { ...good, ...change } })).toContainEqual(expect.objectContaining(finding));
  });

  test("ends with 1 when there is a problem, and goes on when one look fails", async () => {
    const exists = async () => {
      throw new Error("EIO");
    };
    const run = await belt(["doctor", "--json"], { host: { ...good, uid: 1000, exists } });
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, healthy: false });
    expect(run.stdout).toContain("EIO");
  });
});
