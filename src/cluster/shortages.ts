import { type PlacementNode, type Shortage, shortagesOf } from "../swarm/shortage.ts";
import { askSwarm } from "./ask-swarm.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import type { Leaving } from "./data-guard.ts";
import { isNodeSpec, type MachineSpec } from "./spec/types.ts";

/** Machines that are to lose their tasks, and those that come before. */
export interface LeavingAndComing extends Leaving {
  readonly joining?: readonly MachineSpec[];
}

/** Which services will be short once these machines have lost their tasks. Nothing where nobody can be asked. */
export async function serviceShortages(
  context: ClusterContext,
  { observed, targets, joining = [] }: LeavingAndComing,
  signal: AbortSignal,
): Promise<readonly Shortage[]> {
  const leaving = new Set(targets.flatMap(({ node }) => node?.id ?? []));
  if (observed.nodes === undefined || leaving.size === 0) return [];
  const answer = await askSwarm(context, await machinesByName(context, signal), signal);
  if (answer.kind === "none") return [];
  const { engine } = answer.by;
  const [services, tasks] = await Promise.all([engine.services(signal), engine.tasks(undefined, signal)]);
  const nodes = [...answer.nodes, ...joining.flatMap(comingNode)];
  return shortagesOf({ services, tasks, nodes }, leaving);
}

/** A machine of the file as the node that it will be. */
function comingNode(machine: MachineSpec): readonly PlacementNode[] {
  if (!isNodeSpec(machine)) return [];
  const { name, role, labels, availability } = machine;
  return [{ id: `joining ${name}`, hostname: name, role, labels, availability, status: "ready" }];
}
