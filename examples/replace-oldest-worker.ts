// Replaces the worker that has been there longest, so that no machine gets old: its tasks move away first.
//   node examples/replace-oldest-worker.ts shop
import { openCluster } from "beltkit";

const [name = "shop"] = process.argv.slice(2);
const signal = AbortSignal.timeout(30 * 60_000);

await using cluster = await openCluster({ name });
const { machines } = await cluster.observe({ swarm: true }, signal);
const workers = machines.flatMap(({ role, machine }) => (role === "worker" && machine ? [machine] : []));
const [oldest] = workers.sort((left, right) => left.createdAt.localeCompare(right.createdAt));
if (!oldest) throw new Error(`${name} has no worker`);

// The cluster file still names it: up makes it anew.
const removed = await cluster.remove([oldest.name], {}, undefined, signal);
const made = removed.failures.length === 0 ? await cluster.up({}, signal) : removed;
console.log(
  `${oldest.name}, of ${oldest.createdAt}: ${made.failures.length === 0 ? "replaced" : made.failures[0]?.error.message}`,
);
process.exitCode = made.failures.length === 0 ? 0 : 1;
