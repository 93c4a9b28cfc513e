import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import type { CallSweep } from "../support/call-sweep.ts";

const sweeps: readonly CallSweep[] = [
  { title: "rm of a worker", words: ["rm", "node2", "--yes"] },
  { title: "rm of a manager", words: ["rm", "mg3", "--yes"] },
  { title: "rm of the leader", words: ["rm", "mg1", "--yes"] },
  { title: "scale up by one", words: ["scale", "workers=3", "--yes"] },
  { title: "scale down by one", words: ["scale", "workers=1", "--yes"] },
  { title: "swarm leave of a worker", words: ["swarm", "leave", "node2", "--yes"] },
  { title: "swarm leave of the leader", words: ["swarm", "leave", "mg1", "--yes"] },
  { title: "swarm promote", words: ["swarm", "promote", "node1", "--yes"] },
  { title: "swarm demote of a manager", words: ["swarm", "demote", "mg3", "--yes"] },
  { title: "swarm demote of the leader", words: ["swarm", "demote", "mg1", "--yes"] },
  { title: "up after the loss of a worker", words: ["up", "--yes"], lost: "node1" },
  { title: "up after the loss of a manager", words: ["up", "--yes"], lost: "mg2" },
  { title: "up after the loss of the leader", words: ["up", "--yes"], lost: "mg1" },
];

const program = path.resolve(import.meta.dirname, "../support/world/sweep-calls.ts");
const counted = { calls: 0, cuts: 0 };

afterAll(() => {
  process.stdout.write(`call sweep: ${counted.calls} calls, ${counted.cuts} different states that kills leave\n`);
});

describe("a process that is killed before or after any call, typed again at once", () => {
  it.for(sweeps)("is made good at the first try: $title", { timeout: 600_000 }, async (sweep) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(sweep)]);
    const { calls, cuts, problems } = JSON.parse(stdout);
    counted.calls += calls;
    counted.cuts += cuts;
    expect(problems).toEqual([]);
    expect(cuts).toBeGreaterThan(3);
  });
});
