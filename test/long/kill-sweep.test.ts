import { existsSync, readFileSync, watch } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { endingOf, managersAndWorkers, openRig, type Rig, type Running } from "../support/rig.ts";
import { seeded } from "../support/seeded.ts";

/** A seed of one's own choice repeats a run: the points follow from it alone. */
const seed = Number(process.env["BELT_TEST_SEED"] ?? Math.floor(Math.random() * 1e9));
/** Two points each; a run that ends before its point counts for nothing. */
const rounds = 12;
const points: string[] = [];

afterAll(() => {
  process.stdout.write(`kill sweep on real machines: seed ${seed}, ${points.length} points: ${points.join("; ")}\n`);
});

function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
}

/** Kills a run as soon as the journal has so many lines; tells the last of them, or nothing if it ended before. */
async function killAt(rig: Rig, running: Running, lines: number): Promise<string | undefined> {
  const journal = path.join(rig.state, "journal");
  await mkdir(rig.state, { recursive: true });
  let last: string | undefined;
  const look = (): void => {
    const there = linesOf(journal);
    if (last !== undefined || there.length < lines) return;
    running.kill();
    last = there.at(-1);
  };
  const watcher = watch(rig.state, look);
  look();
  await running.ended;
  watcher.close();
  return last;
}

function nameOf(line: string): string {
  const { kind, operation = "", on = "", seq = "" } = JSON.parse(line);
  return [kind, operation, on || seq].filter((word) => word !== "").join(" ");
}

async function expectWhole(rig: Rig): Promise<void> {
  const names = ["mg1", "node1", "node2"];
  expect(await readdir(path.join(await rig.folder(), "machines"))).toEqual(names);
  const nodes = await (await rig.machine("mg1")).run("docker", "node", "ls", "--format", "{{.Hostname}} {{.Status}}");
  expect(nodes.trim().split("\n").sort()).toEqual(names.map((name) => `${name} Ready`));
}

describe("belt killed at points of its journal that a seed chose, on real machines", () => {
  const random = seeded(seed);
  const chosen = Array.from({ length: rounds }, (_, round) => ({ round, up: random(), down: random() }));
  let [upLines, downLines] = [0, 0];

  it("has so many points when nobody kills it", async () => {
    await using rig = await openRig("ks-whole", managersAndWorkers(2));
    const journal = path.join(rig.state, "journal");
    expect((await rig.up()).code).toBe(0);
    upLines = linesOf(journal).length;
    const down = rig.start("down", "ks-whole", "--yes");
    const watcher = watch(rig.state, () => {
      downLines = Math.max(downLines, linesOf(journal).length - upLines);
    });
    await down.ended;
    watcher.close();
    expect(upLines).toBeGreaterThan(20);
    expect(downLines).toBeGreaterThan(3);
  });

  it.for(chosen)("goes on with the same command, up and down (round $round)", async ({ up, down }) => {
    await using rig = await openRig("ks-killed", managersAndWorkers(2));
    const journal = path.join(rig.state, "journal");
    const first = await killAt(rig, rig.start("up", "--yes", "--json"), 1 + Math.floor(up * upLines));
    if (first !== undefined) points.push(`up, ${nameOf(first)}`);
    const keys =
      existsSync(path.join(rig.state, "keys/ca.pem")) && (await readFile(path.join(rig.state, "keys/ssh"), "utf8"));
    const again = await rig.up();
    expect([again.code, endingOf(again)], again.stderr).toEqual([0, expect.stringMatching(/^(done|unchanged)$/)]);
    if (keys) expect(await readFile(path.join(rig.state, "keys/ssh"), "utf8")).toBe(keys);
    await expectWhole(rig);
    const provider = await rig.folder();
    const from = linesOf(journal).length;
    const second = await killAt(rig, rig.start("down", "ks-killed", "--yes"), from + 1 + Math.floor(down * downLines));
    if (second !== undefined) points.push(`down, ${nameOf(second)}`);
    if (existsSync(journal)) expect((await rig.belt("down", "ks-killed", "--yes")).code).toBe(0);
    for (const left of [provider, journal, path.join(rig.state, "keys")]) expect(existsSync(left), left).toBe(false);
  });

  it("was killed at twenty points at least", () => {
    expect(points.length).toBeGreaterThanOrEqual(20);
  });
});
