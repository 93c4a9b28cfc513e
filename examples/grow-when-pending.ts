// Adds a worker when tasks wait for a place, up to a limit: run it every few minutes.
//   node examples/grow-when-pending.ts shop workers 10
import { openCluster } from "beltkit";

const [name = "shop", group = "workers", most = "10"] = process.argv.slice(2);
const signal = AbortSignal.timeout(30 * 60_000);

await using cluster = await openCluster({ name });
const engine = await cluster.engine(await cluster.activeNode(signal), signal);
const pending = await engine.pendingTasks(signal);
const workers = cluster.spec.machines.filter((machine) => machine.group === group).length;
if (pending === 0 || workers >= Number(most)) {
  console.log(`${name}: ${pending} tasks are pending, ${workers} machines in ${group}; nothing to do`);
} else {
  const plan = await cluster.planScale([{ group, to: { count: workers + 1 } }], signal);
  const outcome = await cluster.scale(plan, {}, signal);
  console.log(`${name}: ${pending} tasks were pending; ${plan.coming.join(" ")}: ${outcome.kind}`);
  process.exitCode = outcome.failures.length === 0 ? 0 : 1;
}
