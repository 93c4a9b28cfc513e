import { clusterLabel } from "../swarm/identity.ts";
import { askSwarm } from "./ask-swarm.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import type { Journal } from "./journal.ts";
import { noteMet } from "./meet-machine.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import type { Outcome } from "./types.ts";

/**
 * Brings the journal in line with the world: which machines there are, their host keys as the provider vouches for them, and
 * the swarm that carries this cluster's id. Nothing in the world is changed.
 */
export async function refresh(context: ClusterContext, signal: AbortSignal): Promise<Outcome> {
  const tally = new Tally(context);
  const machines = await machinesByName(context, signal);
  const made = new Set(context.journal.state.made);
  for (const machine of machines.values()) {
    if (!made.has(machine.name)) {
      await noteMet(context.journal, machine.name); // nobody knows how far it had come
      await note(context.journal, tally, { operation: "create", name: machine.name });
    }
    const pinned = await context.knownHosts.keysOf(machine.name);
    if (pinned.length === 0 && machine.hostKey !== undefined)
      await context.knownHosts.pin(machine.name, [machine.hostKey]);
  }
  for (const name of made) if (!machines.has(name)) await note(context.journal, tally, { operation: "remove", name });
  const answer = await askSwarm(context, machines, signal);
  if (answer.kind === "answered") {
    const { id, labels } = await answer.by.engine.swarmInspect(signal);
    if (labels[clusterLabel] === context.id && context.journal.state.swarmId !== id) {
      await context.journal.record({ kind: "swarm", swarmId: id });
      tally.changed = true;
    }
  }
  return conclude(context, tally, [...machines.values()], `belt refresh --cluster ${context.spec.name}`);
}

/** Writes down what was found: as something that went well, with nothing done in between. */
async function note(
  journal: Journal,
  tally: Tally,
  { operation, name }: { readonly operation: "create" | "remove"; readonly name: string },
): Promise<void> {
  await journal.around(operation, name, async () => {});
  tally.changed = true;
}
