import { benchFanOut } from "./fan-out.ts";
import { benchHelp } from "./help.ts";
import { benchUp } from "./up.ts";

/** Every benchmark by its name: `npm run bench -- up fanout`; all of them without a name. */
const benchmarks: Readonly<Record<string, () => Promise<void>>> = { help: benchHelp, up: benchUp, fanout: benchFanOut };

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(benchmarks)) {
  const run = benchmarks[name];
  if (!run) throw new Error(`there is no benchmark ${name}; there are ${Object.keys(benchmarks).join(", ")}`);
  await run();
}
