import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "vitest";
import { mapBounded } from "../../../src/util/concurrency.ts";
import { temporaryFolder } from "../temporary.ts";
import { journalIn, type Kill, type Point, pointsHit, pointsOf, runOnWorld, traceOnWorld } from "./killed-run.ts";
import { readWorld } from "./state.ts";

/** A cluster file of two managers, `mg1` and `mg2`, and these workers. */
export const fileOf = (workers: string): string => `version: 1
name: sweep
provider: world
engine: { install: never, api: "off" }
groups:
  managers: { role: manager, machines: "mg[1:2]" }
  workers: { role: worker, machines: "${workers}", labels: { disk: ssd } }
`;

/** One command that is swept, from the world that it finds to the world that it must leave. */
export interface Sweep {
  readonly words: readonly string[];
  /** Brings about what the command finds. */
  readonly before: (folder: string) => Promise<void>;
  /** The machines that are there in the end. */
  readonly machines: readonly string[];
}

/** Brings about a cluster of two managers and these workers. */
export async function madeOf(folder: string, workers: string): Promise<void> {
  await writeFile(path.join(folder, "cluster.yml"), fileOf(workers));
  expect(await runOnWorld(folder, ["up", "--yes"])).toMatchObject({ code: 0 });
}

/** How many runs go on at a time. */
const sideBySide = 2;
/** How often points that other runs passed by in another order are tried again. */
const extraRounds = 4;

/**
 * Kills a command at every point of its journal, each in a world of its own, and proves that the same command makes it good.
 * Prints how many points there were.
 */
export async function sweepKills(sweep: Sweep): Promise<void> {
  await using space = await temporaryFolder();
  const base = path.join(space.path, "base");
  await mkdir(path.join(base, ".belt"), { recursive: true });
  await sweep.before(base);
  const { points, writes } = await wholeRun(space.path, base, sweep);
  expect(points.size, "points that a whole run has").toBeGreaterThan(0);
  const missing = new Set(points);
  const all = Array.from({ length: writes + 1 }, (_, index) => index + 1).flatMap((number): readonly Kill[] => [
    { when: "before-write", number },
    { when: "after-write", number },
  ]);
  let kills = 0;
  for (let round = 0; round <= extraRounds && missing.size > 0; round += 1) {
    const results = await mapBounded(all, sideBySide, async (kill) => {
      await using own = await temporaryFolder();
      return await killAndMend(path.join(own.path, "world"), base, { sweep, kill });
    });
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
      for (const point of result.value) missing.delete(point);
    }
    kills += all.length;
  }
  expect([...missing], "points that no run was killed at").toEqual([]);
  process.stdout.write(`${sweep.words.join(" ")}: ${points.size} points, each hit by one of ${kills} kills\n`);
}

/** Runs the command undisturbed, and tells the points that it has. */
async function wholeRun(
  space: string,
  base: string,
  sweep: Sweep,
): Promise<{ points: ReadonlySet<Point>; writes: number }> {
  const folder = path.join(space, "whole");
  await cp(base, folder, { recursive: true });
  const before = (await journalIn(folder)).length;
  // What a `down` that went well leaves no journal of is read from a copy that it is kept from removing.
  const { code, output, writes } = await traceOnWorld(folder, sweep.words);
  expect([code, output]).toEqual([0, expect.anything()]);
  await expectWhole(folder, sweep);
  if (sweep.machines.length > 0) return { points: pointsOf((await journalIn(folder)).slice(before)), writes };
  const cut = path.join(space, "cut");
  await cp(base, cut, { recursive: true });
  expect(await traceOnWorld(cut, sweep.words, { when: "after-write", number: writes })).toMatchObject({ code: null });
  return { points: pointsOf((await journalIn(cut)).slice(before)), writes };
}

/** Kills the command at a point, runs it again, and proves that nothing was lost or made twice. Tells the points that were hit. */
async function killAndMend(
  folder: string,
  base: string,
  { sweep, kill }: { readonly sweep: Sweep; readonly kill: Kill },
): Promise<readonly Point[]> {
  await cp(base, folder, { recursive: true });
  const before = (await journalIn(folder)).length;
  const killed = await traceOnWorld(folder, sweep.words, kill);
  if (killed.code === 0) return []; // this run had fewer writes
  expect(killed.code, killed.output).toBeNull();
  const ledger = readWorld(folder).ledger.slice(readWorld(base).ledger.length);
  const points = pointsHit((await journalIn(folder)).slice(before), ledger, killed);
  const keys = await keysIn(folder);
  const again = await runOnWorld(folder, sweep.words);
  const story = `${kill.when} ${kill.number} (${points.join("; ")}):\n${again.output}`;
  if (!(sweep.machines.length === 0 && again.output.includes("no cluster"))) expect(again.code, story).toBe(0);
  await expectWhole(folder, sweep, story);
  if (sweep.machines.length > 0) expect(await keysIn(folder), story).toMatchObject(keys);
  return points;
}

/** Proves that the world is as the command was to leave it: every machine once, one swarm, nothing half done. */
async function expectWhole(folder: string, { machines }: Sweep, story = ""): Promise<void> {
  const world = readWorld(folder);
  expect(Object.keys(world.machines).sort(), story).toEqual(machines);
  const made = world.ledger.filter((entry) => entry.startsWith("create "));
  expect(made.length, `${story}\nmade: ${made}`).toBe(new Set(made).size);
  expect(world.ledger.filter((entry) => entry.startsWith("init ")).length, story).toBe(1);
  if (machines.length === 0) {
    expect(world.shared, story).toEqual([]);
    expect(existsSync(path.join(folder, ".belt/sweep/keys")), story).toBe(false);
    return;
  }
  const [swarm, ...others] = Object.values(world.swarms);
  expect(others, story).toEqual([]);
  const nodes = (swarm?.nodes ?? []).map(({ hostname, role, status, labels }) => {
    const linked = labels["belt.machine"] === world.machines[hostname]?.machine.id;
    return `${hostname} ${role} ${status} ${linked ? "linked" : "not linked"} ${labels["disk"] ?? ""}`.trim();
  });
  const expected = machines.map(
    (name) => `${name} ${name.startsWith("mg") ? "manager ready linked" : "worker ready linked ssd"}`,
  );
  expect(nodes.sort(), story).toEqual(expected);
  const records = await journalIn(folder);
  const outcomes = new Set(records.flatMap((record) => (record.kind === "outcome" ? [record.seq] : [])));
  expect(
    records.filter((record) => record.kind === "intent" && !outcomes.has(record.seq)),
    story,
  ).toEqual([]);
}

/** The keys on the disk, by their file. A pair of which only one half was written was never used, and is made anew. */
async function keysIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const keys = path.join(folder, ".belt/sweep/keys");
  const there = new Set(existsSync(keys) ? await readdir(keys) : []);
  const names = [
    ["ssh", "ssh.pub"],
    ["ca.pem", "ca-key.pem"],
  ]
    .filter((pair) => pair.every((name) => there.has(name)))
    .flat();
  const texts = names.map(async (name) => [name, await readFile(path.join(keys, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(texts));
}
