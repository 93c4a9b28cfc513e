import path from "node:path";
import { type Bench, names, openBench } from "./support/cluster.ts";
import { belt, type Cost, measure, median } from "./support/measure.ts";
import { peakMemory } from "./support/memory.ts";
import { untilQuiet } from "./support/quiet.ts";
import type { Report } from "./support/report.ts";

const machines = 50;
const rounds = 5;
const memoryRounds = 3;
const cluster = "bench-fanout";

/** One program with its words: what is compared. */
interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
}

/** `true` on fifty machines: belt beside pdsh, clush and parallel-ssh, all with curve25519, in turns. */
export async function benchFanOut(): Promise<Report> {
  await using bench = await openBench();
  await bench.belt("cluster", "new", "--driver", "local", cluster);
  await bench.belt("cluster", "update", "image=debian-13");
  await bench.belt("create", "unlimited", `node[1:${machines}]`, "--bare", "--yes");
  return await compare(await toolsOn(bench), bench.folder);
}

/** The same machines, key and pinned host keys for all, and fifty connections at once. */
async function toolsOn(bench: Bench): Promise<readonly Tool[]> {
  const { stdout: hosts } = await bench.belt("ssh-config");
  await bench.write("ssh_config", `${hosts}\nHost *\n  KexAlgorithms curve25519-sha256\n  BatchMode yes\n`);
  const list = names("node", machines);
  await bench.write("hosts", `${list.join("\n")}\n`);
  const options = `-F ${path.join(bench.folder, "ssh_config")}`;
  const [width, all] = [String(machines), list.join(",")];
  return [
    { name: "belt", argv: [...belt, "ssh", `node[1:${machines}]`, "--", "true"] },
    {
      name: "pdsh",
      argv: ["env", `PDSH_SSH_ARGS_APPEND=${options}`, "pdsh", "-S", "-R", "ssh", "-f", width, "-w", all, "true"],
    },
    { name: "clush", argv: ["clush", "-S", "-f", width, "-o", options, "-w", all, "true"] },
    { name: "parallel-ssh", argv: ["parallel-ssh", "-p", width, "-x", options, "-h", "hosts", "true"] },
  ];
}

async function compare(tools: readonly Tool[], folder: string): Promise<Report> {
  const memory = tools.map((): number[] => []);
  const costs = tools.map((): Cost[] => []);
  for (
    let round = 0;
    round < memoryRounds;
    round += 1 // the first of them also warm the host up
  )
    for (const [index, { argv }] of tools.entries()) memory[index]?.push(await peakMemory(argv, folder));
  let busyBeforePercent = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of tools.keys()) {
      const index = (round + turn) % tools.length; // each is the first one at times
      busyBeforePercent = Math.max(busyBeforePercent, await untilQuiet());
      costs[index]?.push(await measure(tools[index]?.argv ?? [], folder));
    }
  }
  return reportOf(tools, { memory, costs, busyBeforePercent });
}

interface Measured {
  readonly memory: readonly (readonly number[])[];
  readonly costs: readonly (readonly Cost[])[];
  readonly busyBeforePercent: number;
}

function reportOf(tools: readonly Tool[], { memory, costs, busyBeforePercent }: Measured): Report {
  const walls = costs.map((runs) => median(runs.map(({ wallMs }) => wallMs)));
  const cpus = costs.map((runs) => median(runs.map(({ cpuMs }) => cpuMs)));
  const of = (values: readonly number[], index: number): number => values[index] ?? Number.NaN;
  return {
    ...{ version: 1, benchmark: "fanout", busyBeforePercent },
    columns: [
      { key: "tool", heading: `FAN-OUT TO ${machines}`, unit: "text" },
      { key: "wallMs", heading: "WALL", unit: "s" },
      { key: "wallRatio", heading: "TO BELT", unit: "ratio" },
      { key: "cpuMs", heading: "CPU", unit: "s" },
      { key: "cpuRatio", heading: "TO BELT", unit: "ratio" },
      { key: "peakMiB", heading: "PEAK MEMORY", unit: "MiB" },
    ],
    rows: tools.map(({ name }, index) => ({
      tool: name,
      wallMs: of(walls, index),
      wallRatio: of(walls, index) / of(walls, 0),
      cpuMs: of(cpus, index),
      cpuRatio: of(cpus, index) / of(cpus, 0),
      peakMiB: median(memory[index] ?? []),
    })),
  };
}
