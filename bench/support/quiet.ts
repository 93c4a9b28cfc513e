import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const lookMs = 1000;
const patienceMs = 120_000;
/** Below this share of busy processors a host counts as quiet. */
const quietPercent = 5;

/** Waits until the host has little else to do, two minutes at most; resolves with how busy it was in the last second, in percent. */
export async function untilQuiet(): Promise<number> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const percent = await busyPercent();
    if (percent < quietPercent || performance.now() > end) return Math.round(percent);
  }
}

async function busyPercent(): Promise<number> {
  const before = await processorTimes();
  await delay(lookMs);
  const after = await processorTimes();
  return 100 * (1 - (after.idle - before.idle) / (after.total - before.total));
}

/** Source: proc_stat(5); waiting for a disk counts as idle. */
async function processorTimes(): Promise<{ readonly idle: number; readonly total: number }> {
  const [line = ""] = (await readFile("/proc/stat", "utf8")).split("\n");
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const [, , , idle = 0, waiting = 0] = times;
  return { idle: idle + waiting, total: times.reduce((sum, time) => sum + time, 0) };
}
