import { belt, measure, median, printTable } from "./support/measure.ts";

const rounds = 10;

/** `belt --help` beside a bare `node -e 0`, in turns. */
export async function benchHelp(): Promise<void> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push((await measure([...belt, "--help"], "/")).wallMs);
    bare.push((await measure([process.execPath, "-e", "0"], "/")).wallMs);
  }
  const ratio = median(ours) / median(bare);
  printTable([
    ["HELP", "MEDIAN", "RATIO"],
    ["belt --help", `${median(ours).toFixed(0)} ms`, ratio.toFixed(2)],
    ["node -e 0", `${median(bare).toFixed(0)} ms`, "1.00"],
  ]);
}
