import { again, type CallSweep, type Cut, madeCluster, undisturbed } from "../call-sweep.ts";

/**
 * Sweeps one command as a program of its own, `sweep-calls.ts SWEEP`, and prints what came of it: within vitest each import is a
 * call to another process, which virtual time would not wait for.
 */
const sweep: CallSweep = JSON.parse(process.argv[2] ?? "");
const whole = await undisturbed(await madeCluster(), sweep, 0);
const problems = whole.run.code === 0 ? [] : [`undisturbed:\n${whole.run.code}\n${whole.run.output}`];
if (problems.length === 0) for (const cut of whole.cuts) problems.push(...(await problemsOf(cut, whole.ending)));
process.stdout.write(JSON.stringify({ calls: whole.calls, cuts: whole.cuts.length, problems }));

/** What is wrong once the command was run again after a kill. A refusal is right if there is nothing left to do. */
async function problemsOf(cut: Cut, ending: string): Promise<readonly string[]> {
  const { run, ending: ended, harm } = await again(cut, sweep);
  const isEnd = run.code === 0 || run.code === 2 || run.code === 4;
  if (isEnd && ended === ending && harm.length === 0) return [];
  return [`killed ${cut.at}:\n${[run.code, ...harm, run.output, differenceOf(ended, ending)].join("\n")}`];
}

function differenceOf(is: string, should: string): string {
  const [left, right] = [is.split("\n"), should.split("\n")];
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `is: ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `should: ${line}`),
  ].join("\n");
}
