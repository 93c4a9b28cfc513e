import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findHome } from "../../src/cluster/home.ts";
import { openTarget } from "../../src/cluster/open-target.ts";
import type { Cluster } from "../../src/cluster/types.ts";
import { FakeClock } from "../support/clock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { worldConnect } from "../support/world/host.ts";
import { runInProcess } from "../support/world/in-process.ts";
import { worldProvider } from "../support/world/provider.ts";
import { readWorld } from "../support/world/state.ts";

const text = `version: 1
name: shop
provider: world
groups:
  hosts: { role: bare, machines: "node[1:2]" }
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
  await writeFile(path.join(folder.path, "cluster.yml"), text);
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const { signal } = new AbortController();
const belt = async (line: string): Promise<void> => {
  const run = await runInProcess(folder.path, line.split(" "), { clock: new FakeClock() });
  expect(run, run.output).toMatchObject({ code: 0 });
};
const there = (): readonly string[] => Object.keys(readWorld(folder.path).machines).sort();
const state = (...parts: readonly string[]): string => path.join(folder.path, ".belt/shop", ...parts);

/** The cluster as a command opens it, its keys read. */
async function opened(): Promise<Cluster> {
  const deps = testDependencies(folder.path, {
    env: {},
    clock: new FakeClock(),
    providers: { world: async () => worldProvider(folder.path) },
    connect: worldConnect(folder.path),
  });
  const home = await findHome(folder.path, {}, deps.uid);
  const target = { kind: "file", path: path.join(folder.path, "cluster.yml") } as const;
  const cluster = await openTarget(home, { target, sets: [] }, deps);
  if (existsSync(state("keys/ssh"))) await cluster.clientCertificates();
  return cluster;
}

describe("a command that was opened before another one ended", () => {
  it.each(["up", "down", "create"])("%s: after a down it makes nothing with keys that are gone", async (verb) => {
    await belt("up --yes");
    await using before = await opened();
    await belt("down shop --yes");
    const acting = {
      up: () => before.up({}, signal),
      down: () => before.down(signal),
      create: () => before.create(["node9"], { size: undefined, bare: true }, signal),
    }[verb];
    await expect(acting?.()).rejects.toMatchObject({
      code: "guard.lock",
      message: "another command has just taken the cluster shop down",
    });
    expect(there()).toEqual([]);
    expect(existsSync(state("journal"))).toBe(false);
    expect(existsSync(state("keys"))).toBe(false);
    await belt("up --yes");
    expect(there()).toEqual(["node1", "node2"]);
  });

  it("after a down and an up it touches nothing of the cluster of that name that is there now", async () => {
    await belt("up --yes");
    await using before = await opened();
    await belt("down shop --yes");
    await belt("up --yes");
    const key = await readFile(state("keys/ssh"), "utf8");
    for (const act of [before.up({}, signal), before.down(signal)])
      await expect(act).rejects.toMatchObject({ code: "guard.lock" });
    expect(there()).toEqual(["node1", "node2"]);
    expect(await readFile(state("keys/ssh"), "utf8")).toBe(key);
  });

  it("one that found no cluster makes its own, with keys of its own", async () => {
    await using before = await opened();
    await belt("up --yes");
    await belt("down shop --yes");
    expect(await before.up({}, signal)).toMatchObject({ kind: "done" });
    expect(readWorld(folder.path).machines["node1"]?.machine.clusterId).toBe(before.id);
    await belt("down shop --yes");
    expect(there()).toEqual([]);
  });
});
