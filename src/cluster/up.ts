import { verifySwarm } from "../swarm/verify.ts";
import { compressNames } from "../util/ranges.ts";
import { type BroughtUp, bringUp, type Task } from "./bring-up.ts";
import { type ClusterContext, emit, machinesByName } from "./context.ts";
import { conclude, upCommand } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { obtainMachines } from "./prepare.ts";
import type { Outcome } from "./types.ts";

/** How long the swarm may take to call every node ready after the last join. */
const verifyDeadlineMs = 90_000;

/** Brings the whole cluster file about: machines, engines, certificates, swarm, labels; verified from a manager at the end. */
export async function up(context: ClusterContext, signal: AbortSignal): Promise<Outcome> {
  const { spec } = context;
  const tally = new Tally(context);
  const existing = await machinesByName(context, signal);
  const obtain = await obtainMachines(context, spec.machines, existing, signal);
  const tasks = spec.machines.map(
    (node): Task => ({
      name: node.name,
      node,
      bootstrap: true,
      existed: existing.has(node.name),
      machine: obtain(node.name),
    }),
  );
  const result = await bringUp({ context, tally }, tasks, signal);
  await verify(context, result, tally, signal);
  if (tally.failures.length === 0) await context.journal.closeOpen();
  return conclude(context, tally, result.machines, upCommand(context));
}

/** Has a manager confirm every node that was brought up, by its id. What it does not confirm counts as failed. */
export async function verify(
  context: ClusterContext,
  result: BroughtUp,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  if (result.members.length === 0) return;
  const leader = await result.formation.leader;
  const limits = { deadlineMs: verifyDeadlineMs, clock: context.deps.clock };
  const confirm = async (): Promise<PhaseResult> => {
    const nodes = await verifySwarm(leader.engine, result.members, limits, signal);
    emit(context, {
      event: "verified",
      nodes: nodes.map((node) => ({ name: node.hostname, id: node.id, role: node.role, status: node.status })),
    });
    return { effect: "unchanged", detail: compressNames(nodes.map(({ hostname }) => hostname)) };
  };
  // A failure is in the tally, told and with its hint: the command ends as partly done.
  await tally.phase(leader.name, "verify", confirm).catch(() => signal.throwIfAborted());
}
