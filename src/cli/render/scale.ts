import type { ScalePlan } from "../../cluster/scale-plan.ts";
import type { Shortage } from "../../swarm/shortage.ts";
import { compressNames } from "../../util/ranges.ts";
import { count } from "../units.ts";
import { guardLines } from "./guard.ts";

/** Who comes, who goes and why, and the guard's word on each manager that goes, a line each. */
export function scaleLines({ coming, going, replaced, guard, shortages }: ScalePlan): readonly string[] {
  return [
    ...(coming.length > 0 ? [`New: ${count(coming.length, "machine")} (${compressNames(coming)})`] : []),
    ...going.map(({ name, why }) => `Remove: ${name} (${why})`),
    ...replaced.map((group) => `No machine of ${group} stays: all that are there now would go, and others come.`),
    ...shortages.map(shortageLine),
    ...guardLines(guard),
  ];
}

/** What a service is in for when nodes go. */
export function shortageLine({ service, says }: Shortage): string {
  return `Service ${service} ${says}`;
}

/** The same as the JSON document of `belt scale --dry-run --json`, without its version. */
export function scaleJson(cluster: string, plan: ScalePlan): Readonly<Record<string, unknown>> {
  const { coming, going, replaced, guard, bound, shortages, file } = plan;
  const { verdict, reasons, offer = null } = guard;
  return { cluster, coming, going, replaced, bound, shortages, file: file.change, guard: { verdict, reasons, offer } };
}
