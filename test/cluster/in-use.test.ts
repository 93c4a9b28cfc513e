import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findHome } from "../../src/cluster/home.ts";
import { loadSpec } from "../../src/cluster/load-spec.ts";
import { openDescribed } from "../../src/cluster/open-cluster.ts";
import { openTarget } from "../../src/cluster/open-target.ts";
import { FakeClock } from "../support/clock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { runInProcess } from "../support/world/in-process.ts";
import { readWorld } from "../support/world/state.ts";

const textOf = (name: string): string => `version: 1
name: ${name}
provider: world
groups:
  hosts: { role: bare, machines: ${name}1 }
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const belt = (line: string, cwd = folder.path) =>
  runInProcess(folder.path, line.split(" "), { clock: new FakeClock(), cwd });
const inFolder = (...parts: readonly string[]): string => path.join(folder.path, ...parts);
const there = (): readonly string[] => Object.keys(readWorld(folder.path).machines).sort();

async function bringUp(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await writeFile(inFolder(`${name}.yml`), textOf(name));
    expect(await belt(`up ${name}.yml --yes`)).toMatchObject({ code: 0 });
  }
}

describe("the cluster in use", () => {
  it("is the one that was brought up last; up, plan and refresh without a word are about it", async () => {
    await bringUp("dev", "prod");
    expect(await belt("use")).toEqual({ code: 0, output: "prod\n" });
    for (const line of ["up --yes", "plan", "refresh"]) {
      const run = await belt(line);
      expect(run, run.output).toMatchObject({ code: 0 });
      expect(run.output.split("\n")[0]).toContain("Cluster prod (in use) on world: 1 machine (prod1), from ");
    }
    expect(there()).toEqual(["dev1", "prod1"]);
  });

  it("goes out of use and out of the list when it is taken down", async () => {
    await bringUp("dev", "prod");
    expect(await belt("down prod --yes")).toMatchObject({ code: 0 });
    expect(await belt("cluster ls --names")).toEqual({ code: 0, output: "dev\n" });
    await bringUp("prod"); // were it still in use by name, it would be again
    expect(await belt("use dev")).toMatchObject({ code: 0 });
    expect(await belt("down prod --yes")).toMatchObject({ code: 0 });
    expect(await belt("use")).toEqual({ code: 0, output: "dev\n" });
    expect((await belt("plan")).output).toContain("Cluster dev (the only one) on world");
  });

  it("may be made by hand; a file of its name takes it over, with its machines", async () => {
    expect(await belt("cluster new --driver world hand")).toMatchObject({ code: 0 });
    expect(await belt("create 1gb hand1 --bare")).toMatchObject({ code: 0 });
    const id = readWorld(folder.path).machines["hand1"]?.machine.clusterId;
    await bringUp("hand");
    expect(readWorld(folder.path).machines["hand1"]?.machine.clusterId).toBe(id);
    expect((await belt("plan")).output).toContain("hand.yml");
    expect(await belt("down hand --yes")).toMatchObject({ code: 0 });
    expect(there()).toEqual([]);
    expect(await belt("cluster ls --names")).toEqual({ code: 0, output: "" });
    // Its own file is the user's and stays; nothing writes over it.
    expect(await readFile(inFolder(".belt/hand/cluster.yml"), "utf8")).toContain("hand1");
    const again = await belt("cluster new --driver world hand");
    expect(again).toMatchObject({ code: 2 });
    expect(again.output).toContain("belt up .belt/hand/cluster.yml");
    expect(await belt("up .belt/hand/cluster.yml --yes")).toMatchObject({ code: 0 });
    expect(there()).toEqual(["hand1"]);
  });
});

describe("the cluster file that is found", () => {
  it("is the one beside .belt, from folders below too, for every verb", async () => {
    await bringUp("dev");
    await writeFile(inFolder("cluster.yml"), textOf("shop"));
    expect(await belt("up --yes")).toMatchObject({ code: 0 });
    expect(await belt("use dev")).toMatchObject({ code: 0 });
    await mkdir(inFolder("below"));
    expect((await belt("plan", inFolder("below"))).output).toContain("Cluster shop (its file is beside .belt)");
    expect((await belt("ls --names", inFolder("below"))).output).toBe("shop1\n");
    expect((await belt("plan")).output).toContain("Cluster shop (its file is here)");
  });

  it("is not acted on by other verbs before it is up, nor is another cluster in its place", async () => {
    await bringUp("dev");
    await writeFile(inFolder("cluster.yml"), textOf("shop"));
    const run = await belt("rm dev1 --yes");
    expect(run).toMatchObject({ code: 2 });
    expect(run.output).toContain("the cluster shop of cluster.yml is not there yet");
    expect(there()).toEqual(["dev1"]);
  });

  it("makes no second cluster because its name was changed; named, it does", async () => {
    await writeFile(inFolder("cluster.yml"), textOf("old"));
    expect(await belt("up --yes")).toMatchObject({ code: 0 });
    await writeFile(inFolder("cluster.yml"), textOf("new"));
    for (const line of ["up --yes", "plan", "status", "down"]) {
      const run = await belt(line);
      expect(run, run.output).toMatchObject({ code: 2 });
      expect(run.output).toContain("the file of cluster old names the cluster new: cluster.yml");
    }
    expect(there()).toEqual(["old1"]);
    expect(await belt("up cluster.yml --yes")).toMatchObject({ code: 0 });
    expect(there()).toEqual(["new1", "old1"]);
  });

  it("that cannot be read now still leads to the cluster that was brought up from it", async () => {
    await writeFile(inFolder("cluster.yml"), textOf("shop"));
    expect(await belt("up --yes")).toMatchObject({ code: 0 });
    await writeFile(inFolder("cluster.yml"), "version: 1\nname: [");
    expect((await belt("ls --names")).output).toBe("shop1\n");
    expect(await belt("down shop --yes")).toMatchObject({ code: 0 });
  });
});

describe("a template whose cluster is there", () => {
  it("stands for that cluster and its own file", async () => {
    const deps = testDependencies(folder.path);
    const home = await findHome(folder.path, {}, deps.uid);
    const target = { kind: "template", name: "quickstart" } as const;
    const fresh = await openTarget(home, { target, sets: [] }, deps);
    expect(fresh.source).toEqual(target);
    await fresh[Symbol.asyncDispose]();

    await mkdir(inFolder(".belt/quickstart"), { recursive: true });
    const source = { kind: "file", path: inFolder(".belt/quickstart/cluster.yml") } as const;
    await writeFile(source.path, "version: 1\nname: quickstart\nprovider: local\ngroups: {}\n");
    await using own = await openDescribed(home, { spec: await loadSpec(source, [], deps), source }, deps);
    expect(own.spec.machines).toEqual([]);
    await using opened = await openTarget(home, { target, sets: [] }, deps);
    expect(opened.source).toEqual(source);
    expect(opened.spec.machines).toEqual([]);
  });
});
