import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { changeInTurn } from "./change-nodes.ts";
import type { ClusterContext } from "./context.ts";
import { isGhost, looseNodes } from "./findings.ts";
import type { Leader } from "./formation.ts";
import { enforce, judgeNode } from "./guards.ts";
import { nodeNow, until } from "./leave.ts";
import type { Leniency } from "./leniency.ts";
import { observedFrom } from "./observe.ts";
import type { PhaseResult, Tally } from "./phases.ts";
import { isPresent } from "./pick.ts";
import { plan } from "./plan.ts";
import type { ChangeAction, Observed } from "./types.ts";

/** What there is once everything that is to be there has been brought up. */
export interface Settling {
  readonly tally: Tally;
  readonly leader: Leader;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly leniency: Leniency;
}

/**
 * Brings the roles of the nodes about and forgets nodes whose machines are gone, from the leader's list of nodes: one look,
 * and nothing else where all is as the file says. Promotions come first, so that managers are added before any is taken away;
 * failures go to the tally.
 */
export async function settleNodes(context: ClusterContext, settling: Settling, signal: AbortSignal): Promise<void> {
  const observed = await look(context, settling, signal);
  await changeRoles(context, observed, { settling, kind: "promote" }, signal);
  await forgetAll(context, observed, settling, signal);
  await changeRoles(context, observed, { settling, kind: "demote" }, signal);
}

/** Forgets nodes whose machines are gone, and does nothing else; failures go to the tally. */
export async function forgetGhosts(context: ClusterContext, settling: Settling, signal: AbortSignal): Promise<void> {
  await forgetAll(context, await look(context, settling, signal), settling, signal);
}

async function look(context: ClusterContext, { leader, machines }: Settling, signal: AbortSignal): Promise<Observed> {
  return await observedFrom(context, machines, await leader.engine.nodes(signal));
}

async function changeRoles(
  context: ClusterContext,
  observed: Observed,
  { settling, kind }: { readonly settling: Settling; readonly kind: "promote" | "demote" },
  signal: AbortSignal,
): Promise<void> {
  const names = namesFor(context, observed, kind);
  const targets = observed.machines.filter(isPresent).filter(({ name }) => names.has(name));
  if (targets.length === 0) return;
  const wanted = { ...settling.leniency, change: { kind }, names: [...names] };
  await changeInTurn(context, targets, { wanted, tally: settling.tally }, signal);
}

function namesFor({ spec }: ClusterContext, observed: Observed, action: ChangeAction): ReadonlySet<string> {
  const changes = plan(spec, observed).filter((change) => change.action === action);
  return new Set(changes.map(({ machine }) => machine));
}

/** Takes nodes off the list that are down and whose machines no provider knows any more. */
async function forgetAll(
  context: ClusterContext,
  observed: Observed,
  settling: Settling,
  signal: AbortSignal,
): Promise<void> {
  const named = new Set(context.spec.machines.map(({ name }) => name));
  const ghosts = looseNodes(observed).filter(
    (node) => node.status === "down" && isGhost(node, named.has(node.hostname)),
  );
  for (const ghost of ghosts)
    await settling.tally
      .phase(ghost.hostname, "leave", () => forget(context, ghost, settling, signal))
      .catch(() => signal.throwIfAborted());
}

async function forget(
  context: ClusterContext,
  ghost: SwarmNode,
  { leader: { engine }, machines, leniency }: Settling,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const nodes = await engine.nodes(signal);
  if (ghost.role === "manager")
    enforce(judgeNode("demote", ghost, await observedFrom(context, machines, nodes)), leniency.acceptNoSpare);
  return await context.journal.around("leave", ghost.hostname, async () => {
    if (ghost.role === "manager") {
      await engine.updateNode(await nodeNow(engine, ghost, signal), { role: "worker" }, signal);
      await until(context, `${ghost.hostname} was demoted; the managers did not see it`, signal, async (inner) => {
        const now = await nodeNow(engine, ghost, inner);
        return now.role === "worker" && now.manager === undefined;
      });
    }
    await engine.removeNode(ghost.id, true, signal);
    return { effect: "changed", detail: "its machine is gone; the node is forgotten" };
  });
}
