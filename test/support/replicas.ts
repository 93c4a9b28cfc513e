import type { Outside } from "./outside.ts";

/** How many tasks of a service run, as the containers on the machines themselves are counted. */
export async function runningReplicas(machines: readonly Outside[], service: string): Promise<number> {
  const filter = ["--filter", `label=com.docker.swarm.service.name=${service}`, "--filter", "status=running"];
  const counts = machines.map(async (machine) => {
    const ids = await machine.run("docker", "ps", "-q", ...filter).catch(() => "");
    return ids.split("\n").filter((line) => line !== "").length;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Counts a service's running tasks over and over while work goes on; tells the least, and how often it was counted. */
export async function leastWhile(
  machines: readonly Outside[],
  service: string,
  work: () => Promise<void>,
): Promise<{ readonly least: number; readonly samples: number }> {
  let [least, samples, over] = [Number.POSITIVE_INFINITY, 0, false];
  const working = work().finally(() => {
    over = true;
  });
  while (!over) {
    least = Math.min(least, await runningReplicas(machines, service));
    samples += 1;
  }
  await working;
  return { least, samples };
}
