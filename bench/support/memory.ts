import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const sampleMs = 10;

/**
 * Runs a program and resolves with the highest sum of memory, in MiB, that it and its descendants were seen to take. Pages that
 * several processes share count once (Pss of proc_pid_smaps(5)). Looking costs time itself, so such a run is not timed.
 */
export async function peakMemory(argv: readonly string[], cwd: string): Promise<number> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { cwd, stdio: "ignore" });
  let peakKiB = 0;
  let running = true;
  const ended = once(child, "close").then(() => {
    running = false;
  });
  while (running) {
    const pids = await family(child.pid ?? 0);
    const sizes = await Promise.all(pids.map(proportionalKiB));
    peakKiB = Math.max(
      peakKiB,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    await delay(sampleMs);
  }
  await ended;
  return peakKiB / 1024;
}

/** A process and all its descendants. */
async function family(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  const children = lists.join(" ").split(" ").filter(Boolean).map(Number);
  return [pid, ...(await Promise.all(children.map(family))).flat()];
}

async function proportionalKiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
}
