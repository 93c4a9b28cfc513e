import { belt, measure, median } from "./support/measure.ts";
import { untilQuiet } from "./support/quiet.ts";
import type { Report } from "./support/report.ts";

const rounds = 10;
const programs = [
  { name: "belt --help", argv: [...belt, "--help"] },
  { name: "node -e 0", argv: [process.execPath, "-e", "0"] },
] as const;

/** `belt --help` beside a bare `node -e 0`, in turns. */
export async function benchHelp(): Promise<Report> {
  const busyBeforePercent = await untilQuiet();
  const walls: number[][] = programs.map(() => []);
  for (let round = 0; round <= rounds; round += 1)
    for (const [index, { argv }] of programs.entries()) {
      const { wallMs } = await measure(argv, "/");
      if (round > 0) walls[index]?.push(wallMs); // the first round fills caches
    }
  const medians = walls.map(median);
  const bare = medians[1] ?? Number.NaN;
  return {
    ...{ version: 1, benchmark: "help", busyBeforePercent },
    columns: [
      { key: "program", heading: "HELP", unit: "text" },
      { key: "wallMs", heading: "WALL", unit: "ms" },
      { key: "ratio", heading: "RATIO", unit: "ratio" },
    ],
    rows: programs.map(({ name }, index) => {
      const wallMs = medians[index] ?? Number.NaN;
      return { program: name, wallMs, ratio: wallMs / bare };
    }),
  };
}
