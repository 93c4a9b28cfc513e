// Fewer workers at night, more by day: run it from cron, twice.
//   node examples/nightly-scale.ts shop workers 3
import { openCluster } from "beltkit";

const [name = "shop", group = "workers", count = "3"] = process.argv.slice(2);
const signal = AbortSignal.timeout(30 * 60_000);

await using cluster = await openCluster({ name });
const plan = await cluster.planScale([{ group, to: { count: Number(count) } }], signal);
for (const { name: machine, why } of plan.going) console.log(`${machine} goes: ${why}`);

// Nobody is there to be asked: what would leave no manager to spare, or data behind, is refused.
const outcome = await cluster.scale(plan, {}, signal);
console.log(`${name}: ${outcome.kind}`);
process.exitCode = outcome.failures.length === 0 ? 0 : 1;
