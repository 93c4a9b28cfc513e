import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  entryFolders,
  isOccupied,
  parseCgroups,
  pinnedBytes,
  processesIn,
  removeCgroup,
  removeParentCgroup,
  runsFolder,
} from "../../src/providers/local/cgroup.ts";
import { pathExists } from "../../src/util/host-files.ts";
import { temporaryFolder } from "../support/temporary.ts";

const version1 = `proc /proc proc rw,relatime 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0
cgroup /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`;
const version2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n";

describe("the host's control groups", () => {
  it("are of version 1 when any controller is mounted, whatever lies beside", () => {
    const cgroups = parseCgroups(version1);
    expect(cgroups?.version).toBe(1);
    expect(cgroups?.hierarchies.map(({ at }) => at)).toEqual(
      ["memory", "cpu,cpuacct", "pids", "unified"].map((name) => `/sys/fs/cgroup/${name}`),
    );
    expect(cgroups?.hierarchies[1]?.controllers).toContain("cpuacct");
  });

  it("are of version 2 when there is one hierarchy", () => {
    expect(parseCgroups(version2)).toEqual({
      version: 2,
      hierarchies: [{ at: "/sys/fs/cgroup", version: 2, controllers: [] }],
    });
  });

  it("are none when none is mounted", () => {
    expect(parseCgroups("proc /proc proc rw 0 0\n")).toBeUndefined();
  });

  it("hold a machine's supervisor in the machine's group with version 1, and in a leaf of it with version 2", () => {
    const [one, two] = [parseCgroups(version1), parseCgroups(version2)];
    expect(one && entryFolders(one, "belt-1")[2]).toBe("/sys/fs/cgroup/pids/beltkit/belt-1");
    expect(one && runsFolder(one, "belt-1")).toBeUndefined();
    expect(two && entryFolders(two, "belt-1")).toEqual(["/sys/fs/cgroup/beltkit/belt-1/supervisor"]);
    expect(two && runsFolder(two, "belt-1")).toBe("/sys/fs/cgroup/beltkit/belt-1");
  });
});

describe("the memory of a machine that cannot be taken back", () => {
  it("is what its processes hold and what lies in memory only, not the cache", async () => {
    await using folder = await temporaryFolder();
    const cgroups = parseCgroups(`cgroup2 ${folder.path} cgroup2 rw 0 0\n`) ?? { version: 2, hierarchies: [] };
    await mkdir(path.join(folder.path, "beltkit/belt-1"), { recursive: true });
    expect(await pinnedBytes(cgroups, "belt-1")).toBe(0);
    const stat = "anon 1000\nfile 500000\nshmem 24\nanon_thp 7\ninactive_anon 9\n";
    await writeFile(path.join(folder.path, "beltkit/belt-1/memory.stat"), stat);
    expect(await pinnedBytes(cgroups, "belt-1")).toBe(1024);
  });
});

describe("who is in a machine's group", () => {
  it("is told by version 1's list of processes, and below it at every depth", async () => {
    await using folder = await temporaryFolder();
    const cgroups = parseCgroups(`cgroup ${folder.path} cgroup rw,pids 0 0\n`) ?? { version: 1, hierarchies: [] };
    const group = path.join(folder.path, "beltkit/belt-1");
    expect(await isOccupied(cgroups, "belt-1")).toBe(false);
    await mkdir(path.join(group, "a/b"), { recursive: true });
    await writeFile(path.join(group, "cgroup.procs"), "");
    await writeFile(path.join(group, "a/b/cgroup.procs"), "7\n8\n");
    expect(await isOccupied(cgroups, "belt-1")).toBe(false);
    expect(await processesIn(cgroups, "belt-1")).toEqual([7, 8]);
    await writeFile(path.join(group, "cgroup.procs"), "5\n");
    expect(await isOccupied(cgroups, "belt-1")).toBe(true);
    expect(await processesIn(cgroups, "belt-1")).toEqual([5, 7, 8]);
  });

  it("is told by version 2's events", async () => {
    await using folder = await temporaryFolder();
    const cgroups = parseCgroups(`none ${folder.path} cgroup2 rw 0 0\n`) ?? { version: 2, hierarchies: [] };
    const group = path.join(folder.path, "beltkit/belt-1");
    await mkdir(group, { recursive: true });
    await writeFile(path.join(group, "cgroup.events"), "populated 0\nfrozen 0\n");
    expect(await isOccupied(cgroups, "belt-1")).toBe(false);
    await writeFile(path.join(group, "cgroup.events"), "populated 1\nfrozen 0\n");
    expect(await isOccupied(cgroups, "belt-1")).toBe(true);
  });
});

describe("removing control groups", () => {
  it("takes a machine's groups, and the one above when it was the last; twice is fine", async () => {
    await using folder = await temporaryFolder();
    const cgroups = parseCgroups(`none ${folder.path} cgroup2 rw 0 0\n`) ?? { version: 2, hierarchies: [] };
    const above = path.join(folder.path, "beltkit");
    await mkdir(path.join(above, "belt-1/a/b"), { recursive: true });
    await mkdir(path.join(above, "belt-2"));
    for (const _ of ["once", "again"]) await removeCgroup(cgroups, "belt-1");
    await removeParentCgroup(cgroups);
    expect(await pathExists(path.join(above, "belt-1"))).toBe(false);
    expect(await pathExists(above)).toBe(true);
    await removeCgroup(cgroups, "belt-2");
    for (const _ of ["once", "again"]) await removeParentCgroup(cgroups);
    expect(await pathExists(above)).toBe(false);
  });
});
