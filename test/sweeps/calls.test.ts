import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { again, type CallSweep, type Cut, madeCluster, undisturbed } from "../support/call-sweep.ts";
import type { Snapshot } from "../support/world/snapshot.ts";
import type { World } from "../support/world/state.ts";

/** The machine is gone without a word, as after a fire. */
const lost =
  (name: string) =>
  ({ machines: { [name]: _, ...machines } }: World): Partial<World> => ({ machines });

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
  { title: "up after the loss of a worker", words: ["up", "--yes"], upset: lost("node1") },
  { title: "up after the loss of a manager", words: ["up", "--yes"], upset: lost("mg2") },
  { title: "up after the loss of the leader", words: ["up", "--yes"], upset: lost("mg1") },
];

const counted = { calls: 0, cuts: 0 };
let made: Snapshot;
beforeAll(async () => {
  made = await madeCluster();
});
afterAll(() => {
  process.stdout.write(`call sweep: ${counted.calls} calls, ${counted.cuts} different states that kills leave\n`);
});

describe("a process that is killed before or after any call, typed again at once", () => {
  it.for(sweeps)("is made good at the first try: $title", async (sweep) => {
    const whole = await undisturbed(made, sweep, 0);
    expect(whole.run.code, whole.run.output).toBe(0);
    counted.calls += whole.calls;
    counted.cuts += whole.cuts.length;
    const problems: string[] = [];
    for (const cut of whole.cuts) problems.push(...(await problemsOf(cut, sweep, whole.ending)));
    expect(problems).toEqual([]);
  });
});

/** What is wrong after a kill. A second look keeps out what only the slow first load of a module can bring about in virtual time. */
async function problemsOf(cut: Cut, sweep: CallSweep, ending: string): Promise<readonly string[]> {
  for (let look = 1; ; look += 1) {
    const { run, ending: ended, harm } = await again(cut, sweep);
    const refused = run.code === 2 || run.code === 4; // rightly so if there is nothing left to do
    const isGood = harm.length === 0 && ended === ending && (run.code === 0 || refused);
    if (isGood) return [];
    if (look === 2)
      return [`killed ${cut.at}:\n${[run.code, ...harm, run.output, differenceOf(ended, ending)].join("\n")}`];
  }
}

function differenceOf(is: string, should: string): string {
  const [left, right] = [is.split("\n"), should.split("\n")];
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `is: ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `should: ${line}`),
  ].join("\n");
}
