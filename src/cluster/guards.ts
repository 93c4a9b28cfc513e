import type { Machine } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import type { ClusterContext } from "./context.ts";
import type { MachineView, Observed } from "./types.ts";

/**
 * Keeps managers from being removed, stopped or restarted one by one: as long as nothing counts the quorum first, that is
 * allowed only for all machines of the cluster together.
 *
 * @throws BeltError `guard.quorum` naming the managers.
 */
export function guardManagers(
  verb: string,
  targets: readonly MachineView[],
  { machines: all, nodes }: Pick<Observed, "machines" | "nodes">,
): void {
  const named = new Set(targets.map(({ name }) => name));
  const existing = all.filter(({ machine }) => machine !== undefined);
  if (existing.every(({ name }) => named.has(name))) return;
  const managers = targets.filter((view) => mayBeManager(view, nodes !== undefined)).map(({ name }) => name);
  if (managers.length === 0) return;
  throw new BeltError(
    "guard.quorum",
    `will not ${verb} ${compressNames(managers)}: a manager lost can cost the swarm its quorum`,
    {
      hint: `Name every machine of the cluster to ${verb} them all, or take the cluster down with \`belt down\`.`,
    },
  );
}

/** Refuses more machines than the cluster file allows. @throws BeltError `guard.limit` */
export function guardCount(
  context: ClusterContext,
  existing: ReadonlyMap<string, Machine>,
  wanted: readonly string[],
): void {
  const { maxMachines } = context.spec.limits;
  const count = new Set([...existing.keys(), ...wanted]).size;
  if (count <= maxMachines) return;
  throw new BeltError("guard.limit", `${count} machines are more than limits.maxMachines allows (${maxMachines})`, {
    hint: "Raise limits.maxMachines in the cluster file if you mean it.",
  });
}

/**
 * A machine counts as a manager when the swarm says so. Where the swarm cannot be asked, the file decides, and a machine that
 * the file does not name may be one.
 */
function mayBeManager(view: MachineView, swarmAnswered: boolean): boolean {
  return swarmAnswered ? view.node?.role === "manager" : view.role !== "worker";
}
