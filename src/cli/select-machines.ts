import type { Cluster, MachineView } from "../cluster/types.ts";
import { BeltError } from "../util/errors.ts";
import { nearest } from "../util/nearest.ts";
import { compressNames, parseRanges } from "../util/ranges.ts";
import { quoteWord } from "../util/shell.ts";

/**
 * The machines that ranges name, in the order written. Only the provider is asked.
 *
 * @throws BeltError `usage.no-such-machine` naming all that are not there.
 */
export async function selectMachines(
  cluster: Cluster,
  ranges: readonly string[],
  signal: AbortSignal,
): Promise<readonly MachineView[]> {
  const names = parseRanges(ranges);
  const { machines } = await cluster.observe({ swarm: false }, signal);
  return pickMachines(cluster.name, machines, names);
}

/** Picks views by name. @throws BeltError `usage.no-such-machine` naming all that are not there. */
export function pickMachines(
  cluster: string,
  views: readonly MachineView[],
  names: readonly string[],
): readonly MachineView[] {
  const byName = new Map(views.map((view) => [view.name, view]));
  const missing = names.filter((name) => byName.get(name)?.machine === undefined);
  if (missing.length > 0) throw noSuchMachine(cluster, views, missing);
  return names.flatMap((name) => byName.get(name) ?? []);
}

/** Names as they may be pasted into a shell. */
export function quotedNames(names: readonly string[]): string {
  return names.length === 0 ? "" : quoteWord(compressNames(names));
}

function noSuchMachine(cluster: string, views: readonly MachineView[], missing: readonly string[]): BeltError {
  const existing = views.filter((view) => view.machine !== undefined).map((view) => view.name);
  const planned = missing.filter((name) => views.some((view) => view.name === name));
  const names = compressNames(missing);
  if (planned.length === missing.length) {
    return new BeltError("usage.no-such-machine", `cluster ${cluster} has no machine ${names} yet`, {
      hint: "Its file names it: belt up makes it.",
    });
  }
  const near = missing.length === 1 ? nearest(missing[0] ?? "", existing) : undefined;
  const has = existing.length === 0 ? "It has no machines yet." : `It has ${compressNames(existing)}.`;
  return new BeltError("usage.no-such-machine", `cluster ${cluster} has no machine ${names}`, {
    hint: near ? `Did you mean ${near}? ${has}` : has,
  });
}
