import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import type { MachineView } from "./types.ts";

/** The machines that were shown to whoever agreed, by their names: each one's id at its provider. */
export type Shown = ReadonlyMap<string, string>;

/** What is shown of machines that are there. */
export function idsOf(views: readonly MachineView[]): Shown {
  return new Map(views.flatMap(({ name, machine }) => (machine ? [[name, machine.id] as const] : [])));
}

/**
 * Refuses machines that have the names of those that were shown and are others by now.
 *
 * @throws BeltError `guard.changed`
 */
export function requireShown(shown: Shown, views: readonly MachineView[]): void {
  const others = [...idsOf(views)].filter(([name, id]) => shown.get(name) !== id).map(([name]) => name);
  if (others.length === 0) return;
  const what = others.length === 1 ? "is another machine" : "are other machines";
  throw new BeltError(
    "guard.changed",
    `changed since it was shown: ${compressNames(others)} ${what} by now; nothing was done`,
    {
      hint: "Run the same command again: it shows what there is now.",
    },
  );
}
