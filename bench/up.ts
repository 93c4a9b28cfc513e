import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { phases } from "../src/cluster/events.ts";
import { openBench } from "./support/cluster.ts";
import { measure, median, printTable } from "./support/measure.ts";

const rounds = 3;
const phaseNames: ReadonlySet<string> = new Set(phases);
const peer = path.resolve(import.meta.dirname, "peers/minimum.sh");

interface UpTimes {
  readonly wallMs: number;
  /** The longest sum of one machine's own phases, from the trace. */
  readonly slowestMs: number;
}

/** `belt up` for two sizes of cluster, beside a script that does the least with OpenSSH, in turns. */
export async function benchUp(): Promise<void> {
  const rows = [["UP", "BELT", "SLOWEST MACHINE'S OWN PATH", "RATIO", "BASH AND OPENSSH", "BELT/BASH"]];
  for (const [managers, workers] of [
    [1, 2],
    [3, 5],
  ] as const) {
    const ours: UpTimes[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await timeBelt(managers, workers));
      theirs.push(await timePeer(managers, workers));
    }
    const wallMs = median(ours.map((one) => one.wallMs));
    const slowestMs = median(ours.map((one) => one.slowestMs));
    const ratio = median(ours.map((one) => one.wallMs / one.slowestMs));
    const peerMs = median(theirs);
    rows.push([
      `${managers}+${workers}`,
      s(wallMs),
      s(slowestMs),
      ratio.toFixed(2),
      s(peerMs),
      (wallMs / peerMs).toFixed(2),
    ]);
  }
  printTable(rows);
}

async function timeBelt(managers: number, workers: number): Promise<UpTimes> {
  await using bench = await openBench("bench-up", managers, workers);
  const { wallMs } = await bench.belt("up", "--yes", "--trace", "trace.json");
  return { wallMs, slowestMs: await slowestPath(path.join(bench.folder, "trace.json")) };
}

/** The same machines, made by the same provider; the making counts for both. */
async function timePeer(managers: number, workers: number): Promise<number> {
  await using bench = await openBench("bench-peer", managers, workers);
  const names = (word: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${word}${index + 1}`);
  const [leads, others] = [names("mg", managers), names("node", workers)];
  const created = await bench
    .belt("create", "unlimited", ...leads, ...others, "--bare", "--yes", "--cluster", "bench-peer")
    .catch(async () => {
      await bench.belt("cluster", "new", "--driver", "local", "bench-peer");
      return await bench.belt("create", "unlimited", ...leads, ...others, "--bare", "--yes");
    });
  const config = path.join(bench.folder, "ssh_config");
  await writeFile(config, (await bench.belt("ssh-config", "--cluster", "bench-peer")).stdout);
  const run = await measure([peer, config, leads.join(" "), others.join(" ")], bench.folder);
  if (run.code !== 0) throw new Error(`the peer ended with ${run.code}: ${run.stderr}`);
  return created.wallMs + run.wallMs;
}

interface TraceEvent {
  readonly ph: string;
  readonly tid: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly name: string;
}

async function slowestPath(file: string): Promise<number> {
  const parsed: { traceEvents: TraceEvent[] } = JSON.parse(await readFile(file, "utf8"));
  const sums = new Map<number, number>();
  for (const { ph, tid, dur, name } of parsed.traceEvents)
    if (ph === "X" && phaseNames.has(name)) sums.set(tid, (sums.get(tid) ?? 0) + (dur ?? 0) / 1000);
  return Math.max(...sums.values());
}

function s(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
