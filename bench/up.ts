import { readFile } from "node:fs/promises";
import path from "node:path";
import { names, openBench } from "./support/cluster.ts";
import { measure, median } from "./support/measure.ts";
import { untilQuiet } from "./support/quiet.ts";
import type { Report, Row } from "./support/report.ts";

const rounds = 3;
const sizes = [
  { managers: 1, workers: 2 },
  { managers: 3, workers: 5 },
] as const;
const peer = path.resolve(import.meta.dirname, "peers/minimum.sh");

interface Size {
  readonly managers: number;
  readonly workers: number;
}

/** One `belt up`. */
interface UpTimes {
  readonly wallMs: number;
  /** The longest sum of one machine's own phases, from the trace. */
  readonly slowestMs: number;
}

/** `belt up` for two sizes of cluster, beside a script that does the least with OpenSSH, in turns. */
export async function benchUp(): Promise<Report> {
  const rows: Row[] = [];
  let busyBeforePercent = 0;
  for (const size of sizes) {
    const ours: UpTimes[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      busyBeforePercent = Math.max(busyBeforePercent, await untilQuiet());
      ours.push(await timeBelt(size));
      busyBeforePercent = Math.max(busyBeforePercent, await untilQuiet());
      theirs.push(await timePeer(size));
    }
    rows.push(rowOf(size, ours, theirs));
  }
  return {
    ...{ version: 1, benchmark: "up", busyBeforePercent },
    columns: [
      { key: "size", heading: "UP", unit: "text" },
      { key: "wallMs", heading: "BELT", unit: "s" },
      { key: "slowestMs", heading: "SLOWEST MACHINE'S OWN PATH", unit: "s" },
      { key: "pathRatio", heading: "RATIO", unit: "ratio" },
      { key: "peerMs", heading: "BASH AND OPENSSH", unit: "s" },
      { key: "peerRatio", heading: "TO BELT", unit: "ratio" },
    ],
    rows,
  };
}

function rowOf({ managers, workers }: Size, ours: readonly UpTimes[], theirs: readonly number[]): Row {
  const wallMs = median(ours.map((run) => run.wallMs));
  const peerMs = median(theirs);
  return {
    size: `${managers}+${workers}`,
    wallMs,
    slowestMs: median(ours.map((run) => run.slowestMs)),
    pathRatio: median(ours.map((run) => run.wallMs / run.slowestMs)),
    peerMs,
    peerRatio: peerMs / wallMs,
  };
}

async function timeBelt({ managers, workers }: Size): Promise<UpTimes> {
  await using bench = await openBench();
  await bench.write(
    "cluster.yml",
    `version: 1
name: bench-up
provider: local
groups:
  managers: { role: manager, machines: "mg[1:${managers}]" }
  workers: { role: worker, machines: "node[1:${workers}]" }
`,
  );
  const { wallMs } = await bench.belt("up", "--yes", "--trace", "trace.json");
  return { wallMs, slowestMs: await slowestPath(path.join(bench.folder, "trace.json")) };
}

/** The same machines, made by the same provider; the making counts for both. */
async function timePeer({ managers, workers }: Size): Promise<number> {
  await using bench = await openBench();
  const [leads, others] = [names("mg", managers), names("node", workers)];
  await bench.belt("cluster", "new", "--driver", "local", "bench-peer");
  const made = await bench.belt("create", "unlimited", ...leads, ...others, "--bare", "--yes");
  await bench.write("ssh_config", (await bench.belt("ssh-config")).stdout);
  const formed = await measure([peer, "ssh_config", leads.join(" "), others.join(" ")], bench.folder);
  return made.wallMs + formed.wallMs;
}

/** One event of the trace, as far as it is read here. */
interface TraceEvent {
  readonly ph: string;
  readonly tid: number;
  readonly cat?: string;
  /** In microseconds. */
  readonly dur?: number;
}

async function slowestPath(file: string): Promise<number> {
  const { traceEvents }: { traceEvents: readonly TraceEvent[] } = JSON.parse(await readFile(file, "utf8"));
  const sums = new Map<number, number>();
  for (const { ph, tid, cat, dur = 0 } of traceEvents)
    if (ph === "X" && cat === "phase") sums.set(tid, (sums.get(tid) ?? 0) + dur / 1000);
  return Math.max(...sums.values());
}
