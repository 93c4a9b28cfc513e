import { benchFanOut } from "./fan-out.ts";
import { benchHelp } from "./help.ts";
import { type Report, tableText } from "./support/report.ts";
import { benchUp } from "./up.ts";

/** Every benchmark by its name. */
const benchmarks: Readonly<Record<string, () => Promise<Report>>> = {
  help: benchHelp,
  up: benchUp,
  fanout: benchFanOut,
};

const words = process.argv.slice(2);
const asJson = words.includes("--json");
const wanted = words.filter((word) => word !== "--json");
const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name));

if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}.`);
  process.exitCode = 2;
} else {
  const names = wanted.length > 0 ? wanted : Object.keys(benchmarks);
  console.error(`Benchmarks: ${names.join(", ")}`);
  for (const name of names) {
    const report = await benchmarks[name]?.();
    if (report) console.log(asJson ? JSON.stringify(report) : `${tableText(report)}\n`);
  }
}
