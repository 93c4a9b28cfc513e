import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openBench } from "./support/cluster.ts";
import { belt, type Cost, measure, median, printTable } from "./support/measure.ts";

const machines = 50;
const rounds = 5;
/** Fifty machines that have just booted are still busy with it. */
const settleMs = 30_000;

/** `true` on fifty machines: belt beside pdsh, clush and parallel-ssh from Debian, all with curve25519, in turns. */
export async function benchFanOut(): Promise<void> {
  await using bench = await openBench("bench-fan", 1, 1);
  await bench.belt("cluster", "new", "--driver", "local", "bench-many");
  try {
    await bench.belt("cluster", "update", "--cluster", "bench-many", "image=debian-13");
    await bench.belt("create", "unlimited", `node[1:${machines}]`, "--bare", "--yes", "--cluster", "bench-many");
    await delay(settleMs);
    await compare(bench.folder, (await bench.belt("ssh-config", "--cluster", "bench-many")).stdout);
  } finally {
    await bench.belt("down", "bench-many", "--yes");
  }
}

async function compare(folder: string, hosts: string): Promise<void> {
  const config = path.join(folder, "ssh_config");
  await writeFile(config, `${hosts}\nHost *\n  KexAlgorithms curve25519-sha256\n  BatchMode yes\n`);
  const names = Array.from({ length: machines }, (_, index) => `node${index + 1}`);
  const list = path.join(folder, "hosts");
  await writeFile(list, `${names.join("\n")}\n`);
  const tools: Readonly<Record<string, readonly string[]>> = {
    belt: [...belt, "ssh", `node[1:${machines}]`, "--cluster", "bench-many", "--", "true"],
    pdsh: ["env", `PDSH_SSH_ARGS_APPEND=-F ${config}`, "pdsh", "-R", "ssh", "-f", "50", "-w", names.join(","), "true"],
    clush: ["clush", "-f", "50", "-o", `-F ${config}`, "-w", names.join(","), "true"],
    "parallel-ssh": ["parallel-ssh", "-p", "50", "-x", `-F ${config}`, "-h", list, "true"],
  };
  const costs = new Map<string, Cost[]>(Object.keys(tools).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1)
    for (const [name, argv] of Object.entries(tools)) {
      const cost = await measure(argv, folder);
      if (cost.code !== 0) throw new Error(`${name} ended with ${cost.code}: ${cost.stderr}`);
      if (round > 0) costs.get(name)?.push(cost); // the first round warms the host up
    }
  print(costs);
}

function print(costs: ReadonlyMap<string, readonly Cost[]>): void {
  const of = (name: string, key: "wallMs" | "cpuMs" | "peakMiB"): number =>
    median((costs.get(name) ?? []).map((cost) => cost[key]));
  const rows = [...costs.keys()].map((name) => [
    name,
    `${(of(name, "wallMs") / 1000).toFixed(2)} s`,
    (of(name, "wallMs") / of("belt", "wallMs")).toFixed(2),
    `${(of(name, "cpuMs") / 1000).toFixed(2)} s`,
    (of(name, "cpuMs") / of("belt", "cpuMs")).toFixed(2),
    `${of(name, "peakMiB").toFixed(0)} MiB`,
  ]);
  printTable([[`FAN-OUT TO ${machines}`, "WALL", "RATIO", "CPU", "RATIO", "PEAK MEMORY"], ...rows]);
}
