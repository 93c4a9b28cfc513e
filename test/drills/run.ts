import { parseArgs } from "node:util";
import { drill, openDrilling } from "./drill.ts";
import { type Counts, summaryOf } from "./summary.ts";
import { verbs } from "./verbs.ts";

/** Kills commands on real machines, over and over, and tells whether the same command made it good: see README.md beside. */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    count: { type: "string", default: "300" },
    minutes: { type: "string", default: "60" },
    verbs: { type: "string", default: Object.keys(verbs).join(",") },
    name: { type: "string", default: "drill" },
  },
});

const names = values.verbs.split(",");
const unknown = names.filter((name) => !Object.hasOwn(verbs, name));
if (unknown.length > 0) {
  console.error(`There is no verb ${unknown.join(", ")}; there are ${Object.keys(verbs).join(", ")}.`);
  process.exit(2);
}

const end = performance.now() + Number(values.minutes) * 60_000;
const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopped.abort());

const counts: Counts = { kills: 0, runs: 0, firstTries: 0, refusals: [], failures: [], disturbances: 0 };
console.log(`seed ${values.seed}`);
const drilling = await openDrilling(values.name, Number(values.seed), counts);
try {
  while (counts.kills < Number(values.count) && performance.now() < end && !stopped.signal.aborted)
    await drill(drilling, names);
} finally {
  console.log(summaryOf(counts, values.seed));
  await drilling[Symbol.asyncDispose]();
}
process.exitCode = counts.failures.length > 0 ? 1 : 0;
