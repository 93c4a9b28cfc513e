import type { Machine } from "../providers/provider.ts";
import { askSwarm } from "./ask-swarm.ts";
import type { ClusterContext } from "./context.ts";
import { nodesByMachine } from "./identity.ts";
import { noteMet, sawMade } from "./meet-machine.ts";
import { isNodeSpec } from "./spec/types.ts";

/** What there is before anything is made. */
export interface Ground {
  /** Every machine of the cluster, by name. */
  readonly existing: ReadonlyMap<string, Machine>;
  /** The machines among them that are about to be asked for although they are there. */
  readonly taken: readonly Machine[];
}

/**
 * The ids of failed machines that may be removed and made anew unasked: the file wants them in the swarm, which has no node on
 * them, and this journal saw their making begin and never saw one of them answer. Any other may keep data, and is the user's
 * to remove.
 *
 * One that this journal did not see made is written down as such: the request that follows would look like its making.
 */
export async function expendable(
  context: ClusterContext,
  { existing, taken }: Ground,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { journal } = context;
  for (const { name } of taken) if (!sawMade(journal.state, name)) await noteMet(journal, name);
  const candidates = taken.filter((machine) => neverAnswered(context, machine));
  if (candidates.length === 0) return new Set();
  const answer = await askSwarm(context, existing, signal);
  // Where there is a swarm and it does not answer, nobody can say what is on them.
  if (answer.kind === "none" && journal.state.swarmId !== undefined) return new Set();
  const nodes = answer.kind === "answered" ? answer.nodes : [];
  const known = nodesByMachine([...existing.values()], nodes, new Map());
  return new Set(candidates.filter(({ name }) => !known.has(name)).map(({ id }) => id));
}

function neverAnswered({ id, spec, journal }: ClusterContext, { name, clusterId, state }: Machine): boolean {
  if (state.kind !== "failed" || clusterId !== id) return false;
  const wanted = spec.machines.find((machine) => machine.name === name);
  // Of a machine that is to be in no swarm, nobody but its users knows whether it is in use.
  if (wanted === undefined || !isNodeSpec(wanted)) return false;
  if (wanted.host !== undefined) return false; // somebody else's, and there long before
  return sawMade(journal.state, name) && !journal.state.met.has(name);
}
