import type { Machine } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import { compressNames } from "../util/ranges.ts";
import type { MachineView } from "./types.ts";

/** A view whose machine exists. */
export type PresentView = MachineView & { readonly machine: Machine };

/**
 * The machines of these names, each of which must exist.
 *
 * @throws BeltError `usage.no-such-machine` naming all that do not, and the nearest name that does.
 */
export function pickViews(names: readonly string[], views: readonly MachineView[]): readonly PresentView[] {
  const present = views.filter(isPresent);
  const byName = new Map(present.map((view) => [view.name, view]));
  const absent = names.filter((name) => !byName.has(name));
  const first = absent[0];
  if (first === undefined) return names.flatMap((name) => byName.get(name) ?? []);
  throw new BeltError("usage.no-such-machine", `no such machine: ${compressNames(absent)}`, {
    hint: hintFor(first, byName),
  });
}

/** Whether the machine of a view exists. */
export function isPresent(view: MachineView): view is PresentView {
  return view.machine !== undefined;
}

function hintFor(name: string, byName: ReadonlyMap<string, unknown>): string {
  if (byName.size === 0) return "There is no machine yet; `belt up` makes those of the cluster file.";
  const near = nearest(name, [...byName.keys()]);
  return near === undefined ? `There are: ${compressNames(byName.keys())}` : `Did you mean ${near}?`;
}
