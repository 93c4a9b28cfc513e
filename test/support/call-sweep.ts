import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { JumpingClock } from "./jumping-clock.ts";
import { temporaryFolder } from "./temporary.ts";
import { type InProcessRun, runInProcess } from "./world/in-process.ts";
import { journalIn } from "./world/killed-run.ts";
import { overtaken } from "./world/lateness.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./world/snapshot.ts";
import { changeWorld, readWorld, type World } from "./world/state.ts";

/** One command that is killed at every call. */
export interface CallSweep {
  readonly title: string;
  readonly words: readonly string[];
  /** A machine that is gone before without a word, as after a fire. */
  readonly lost?: string;
}

/** What a command is when it is killed: the call that it had just made, and whether that took effect. */
export interface Cut {
  readonly at: string;
  readonly snapshot: Snapshot;
  /** How long it then takes until the same command is typed again. */
  readonly pauseMs: number;
}

/** A cluster of three managers and two workers, which every sweep begins with. */
const file = `version: 1
name: sweep
provider: world
engine: { install: never, api: "off" }
groups:
  managers: { role: manager, machines: "mg[1:3]" }
  workers: { role: worker, machines: "node[1:2]", labels: { disk: ssd } }
`;

/** Long enough for every late word of a swarm to have come. */
const allSeenMs = 200_000;

/** The cluster as it is right after it was made. */
export async function madeCluster(): Promise<Snapshot> {
  await using space = await temporaryFolder();
  mkdirSync(path.join(space.path, ".belt"), { mode: 0o700 });
  writeFileSync(path.join(space.path, "cluster.yml"), file);
  const run = await runInProcess(space.path, ["up", "--yes"], { clock: new JumpingClock(Date.UTC(2026, 0, 1)) });
  if (run.code !== 0) throw new Error(run.output);
  return takeSnapshot(space.path);
}

/** A command that nobody disturbed: how all ends, and every different state in which a kill at a call would have left it. */
export async function undisturbed(
  made: Snapshot,
  { words, lost = "" }: CallSweep,
  pauseMs: number,
): Promise<{
  readonly run: InProcessRun;
  readonly ending: string;
  readonly cuts: readonly Cut[];
  readonly calls: number;
}> {
  await using space = await temporaryFolder();
  restoreSnapshot(space.path, made);
  changeWorld(space.path, ({ nowMs }) => ({ nowMs: nowMs + allSeenMs }));
  changeWorld(space.path, ({ machines: { [lost]: _, ...machines } }) => ({ machines }));
  const cuts = new Map<string, Cut>();
  let calls = 0;
  const watch = (moment: "before" | "after", call: string): void => {
    calls += moment === "before" ? 1 : 0;
    const snapshot = takeSnapshot(space.path);
    if (!cuts.has(snapshot.digest))
      cuts.set(snapshot.digest, { at: `${moment} ${call} (call ${calls})`, snapshot, pauseMs });
  };
  const clock = new JumpingClock(readWorld(space.path).nowMs + pauseMs);
  const run = await runInProcess(space.path, words, { clock, watch });
  return { run, ending: await endingOf(space.path), cuts: [...cuts.values()], calls };
}

/** The same command again in what a kill left: how it ended, and what was wrong on the way. */
export async function again(
  { snapshot, pauseMs }: Cut,
  { words }: CallSweep,
): Promise<{ readonly run: InProcessRun; readonly ending: string; readonly harm: readonly string[] }> {
  await using space = await temporaryFolder();
  restoreSnapshot(space.path, snapshot);
  const harm = new Set<string>();
  const watch = (moment: "before" | "after", call: string): void => {
    for (const problem of harmIn(readWorld(space.path))) harm.add(`${problem}, ${moment} ${call}`);
  };
  const clock = new JumpingClock(readWorld(space.path).nowMs + pauseMs);
  const run = await runInProcess(space.path, words, { clock, watch });
  return { run, ending: await endingOf(space.path), harm: [...harm] };
}

/** What must never be: a swarm without its majority, two swarms, a machine that was destroyed while it was a manager. */
function harmIn({ swarms, machines }: World): readonly string[] {
  const problems = Object.values(swarms).flatMap(({ nodes }) => {
    const members = nodes.filter(({ manager }) => manager !== undefined);
    const ids = new Set(Object.values(machines).map(({ local }) => local?.nodeId));
    const alive = members.filter(({ id }) => ids.has(id));
    return alive.length * 2 <= members.length ? [`${alive.length} of ${members.length} managers live`] : [];
  });
  return Object.keys(swarms).length > 1 ? [...problems, "there are two swarms"] : problems;
}

/** How everything stands once all is seen by everybody: the same text for worlds that are alike. */
async function endingOf(folder: string): Promise<string> {
  const now = readWorld(folder);
  // Twice: an effect of the first look, such as another leader, takes its time as well.
  const world = [1, 2].reduce((seen) => overtaken({ ...seen, nowMs: seen.nowMs + allSeenMs }), overtaken(now));
  const nodes = Object.values(world.swarms).flatMap((swarm) => swarm.nodes.map((node) => nodeText(world, node)));
  const engines = Object.entries(world.machines).map(([name, { local, machine }]) => {
    const listed = Object.values(world.swarms).some((swarm) => swarm.nodes.some(({ id }) => id === local?.nodeId));
    return `${name} ${machine.state.kind} ${local?.state ?? "inactive"} ${listed ? "listed" : "unlisted"}`;
  });
  const records = await journalIn(folder);
  const outcomes = new Set(records.flatMap((record) => (record.kind === "outcome" ? [record.seq] : [])));
  const open = records.flatMap((record) =>
    record.kind === "intent" && !outcomes.has(record.seq) ? [`${record.operation} ${record.on} is open`] : [],
  );
  const made = now.ledger.filter((entry) => entry.startsWith("create "));
  const written = path.join(folder, "cluster.yml");
  return [
    existsSync(written) ? readFileSync(written, "utf8") : "",
    ...nodes.sort(),
    ...engines.sort(),
    ...open,
    ...made.sort(),
    `${Object.keys(world.swarms).length} swarm`,
  ].join("\n");
}

type Node = World["swarms"][string]["nodes"][number];

function nodeText({ machines }: World, { hostname, role, status, availability, manager, labels }: Node): string {
  const link = labels["belt.machine"] === machines[hostname]?.machine.id ? "linked" : "not linked";
  const own = Object.entries(labels).filter(([key]) => key !== "belt.machine");
  const words = own.map(([key, value]) => `${key}=${value}`).sort();
  return [hostname, role, manager ? manager.reachability : "no member", status, availability, link, ...words].join(" ");
}
