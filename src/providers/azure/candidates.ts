import type { PlannedMachine } from "../provider.ts";
import { optionsOf } from "./options.ts";

/** One way to make a machine: what size, and in which zone; without one Azure chooses the host. */
export interface Candidate {
  readonly size: string;
  readonly zone: string | undefined;
}

/**
 * All ways in which the file allows a machine to be made, the best first: its own size in the zone that is its turn, then in the
 * other zones, then the other sizes.
 */
export function candidatesFor({ size, options }: PlannedMachine): readonly [Candidate, ...Candidate[]] {
  const { size: usual, otherSizes, zones } = optionsOf(options);
  const first = size ?? usual;
  const places = zones.length === 0 ? [undefined] : zones;
  const [best = { size: first, zone: undefined }, ...rest] = [first, ...otherSizes].flatMap((one) =>
    places.map((zone) => ({ size: one, zone })),
  );
  return [best, ...rest];
}
