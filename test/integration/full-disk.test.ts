import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { accepting, groupsOf, type InWorld, openInWorld } from "../support/in-world.ts";

const signal = new AbortController().signal;

/** A file system of its own over the folder of all state, made before anything is in it. */
async function mountState(
  all: InWorld,
  ...words: readonly string[]
): Promise<{ readonly path: string } & AsyncDisposable> {
  const home = path.dirname(await all.with(async ({ folder }) => folder));
  await mkdir(home, { recursive: true });
  execFileSync("mount", [...words, home]);
  return { path: home, [Symbol.asyncDispose]: async () => void execFileSync("umount", [home]) };
}

/** Writes until not a byte is free. */
async function fill(folder: string): Promise<void> {
  for (const bytes of [65_536, 4096, 1]) while (await appended(path.join(folder, `fill-${bytes}`), bytes));
}

function appended(file: string, bytes: number): Promise<boolean> {
  return writeFile(file, Buffer.alloc(bytes), { flag: "a" }).then(
    () => true,
    () => false,
  );
}

describe("a disk that is full", () => {
  it("stops what would change anything before it changes something, and lets the cluster go all the same", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await using state = await mountState(all, "-t", "tmpfs", "-o", "size=512k", "tmpfs");
    await all.up();
    await fill(state.path);
    all.news();
    const full = { code: "disk.full", message: expect.stringContaining(path.join(state.path, "sweep")) };
    await expect(all.with((cluster) => cluster.remove(["node2"], accepting, undefined, signal))).rejects.toMatchObject(
      full,
    );
    expect(all.news()).toEqual([]);
    expect((await all.with((cluster) => cluster.plan({}, signal))).changes).toEqual([]);
    expect(await all.with((cluster) => cluster.down(signal))).toMatchObject({ kind: "done" });
    expect(all.world().machines).toEqual({});
    expect(await readdir(state.path)).not.toContain("sweep");
  });

  it("stops work halfway at its next line, and the same command goes on once there is space", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await using state = await mountState(all, "-t", "tmpfs", "-o", "size=512k", "tmpfs");
    await all.up();
    await all.describe(groupsOf("mg1", "node[1:40]"));
    const journal = path.join(state.path, "sweep", "journal");
    const before = (await readFile(journal, "utf8")).length;
    const halfway = all.with(async (cluster) => {
      const going = cluster.up({ ...accepting, allowRemove: false }, signal);
      while ((await readFile(journal, "utf8")).length === before) await new Promise(setImmediate);
      await fill(state.path);
      return await going;
    });
    const outcome = await halfway.catch((error: unknown) => error);
    expect(JSON.stringify(outcome) + String(outcome)).toContain("disk.full");
    execFileSync("sh", ["-c", `rm ${state.path}/fill-*`]);
    expect(await all.up()).toMatchObject({ kind: "done" });
    expect(Object.keys(all.world().machines)).toHaveLength(41);
  });
});

describe("a folder of state that is read-only", () => {
  it("can be looked at, and says why nothing can be changed", async () => {
    await using all = await openInWorld(groupsOf("mg1", "node[1:2]"));
    await all.up();
    await using state = await mountState(all, "--bind", path.dirname(await all.with(async ({ folder }) => folder)));
    execFileSync("mount", ["-o", "remount,bind,ro", state.path]);
    await all.with(async (cluster) => {
      const { machines, nodes } = await cluster.observe({ swarm: true }, signal);
      expect([machines.length, nodes?.length]).toEqual([3, 3]);
      expect((await cluster.plan({}, signal)).changes).toEqual([]);
      expect(cluster.journal().length).toBeGreaterThan(0);
      expect(await cluster.activeNode(signal)).toBe("mg1");
      expect((await cluster.lockState(signal)).folder).toBeUndefined();
    });
    all.news();
    await expect(all.up()).rejects.toMatchObject({
      code: "disk.refused",
      message: expect.stringContaining("its file system is read-only"),
    });
    expect(all.news()).toEqual([]);
  });
});
