import type { ScalePlan } from "../../cluster/scale.ts";
import { compressNames } from "../../util/ranges.ts";
import { count } from "../units.ts";

/** Who comes, and who goes and why, a line each. */
export function scaleLines({ coming, going }: ScalePlan): readonly string[] {
  return [
    ...(coming.length > 0 ? [`New: ${count(coming.length, "machine")} (${compressNames(coming)})`] : []),
    ...going.map(({ name, why }) => `Going: ${name}, which ${why}`),
  ];
}
