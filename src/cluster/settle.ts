import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { isMember } from "../swarm/members.ts";
import { changeInTurn } from "./change-nodes.ts";
import { type ClusterContext, emit } from "./context.ts";
import { ghostsIn, isDead, nodeName } from "./findings.ts";
import type { Leader } from "./formation.ts";
import { enforce, judgeNode } from "./guards.ts";
import { askDoubtful, type OwnWord } from "./identity.ts";
import { forgetNode } from "./leave.ts";
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
  /** What engines have just said of themselves, by their machines' names; the others are asked where there is a doubt. */
  readonly words?: ReadonlyMap<string, OwnWord>;
}

/** How long a node may still be called ready after its machine went, and how long one may be `unknown` after a change of leader. */
const lateMs = { ready: 20_000, unclear: 90_000 };
const pollMs = 1000;

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

async function look(context: ClusterContext, settling: Settling, signal: AbortSignal): Promise<Observed> {
  const { leader, machines, words: said = new Map<string, OwnWord>() } = settling;
  const nodes = await leader.engine.nodes(signal);
  const others = [...machines.values()].filter(({ name }) => !said.has(name));
  const asked = await askDoubtful(context, others, nodes, signal);
  return await observedFrom(context, machines, { nodes, words: new Map([...asked, ...said]) });
}

async function changeRoles(
  context: ClusterContext,
  observed: Observed,
  { settling, kind }: { readonly settling: Settling; readonly kind: "promote" | "demote" },
  signal: AbortSignal,
): Promise<void> {
  const names = namesFor(context, observed, kind);
  const targets = observed.machines.filter(isPresent).filter(({ name, node }) => node && names.has(name));
  if (targets.length === 0) return;
  const wanted = { ...settling.leniency, change: { kind }, names: [...names] };
  await changeInTurn(context, targets, { wanted, tally: settling.tally }, signal);
}

/** The machines whose own nodes are to be changed so: what the plan says of nodes without machines is not about them. */
function namesFor({ spec }: ClusterContext, observed: Observed, action: ChangeAction): ReadonlySet<string> {
  const changes = plan(spec, { ...observed, nodes: observed.machines.flatMap(({ node }) => node ?? []) });
  return new Set(changes.filter((change) => change.action === action).map(({ machine }) => machine));
}

/** Takes nodes off the list that are dead and whose machines no provider knows any more. */
async function forgetAll(
  context: ClusterContext,
  observed: Observed,
  settling: Settling,
  signal: AbortSignal,
): Promise<void> {
  for (const ghost of ghostsIn(context.spec, observed))
    await settling.tally
      .phase(nodeName(ghost, observed), "leave", () => forget(context, { ghost, observed }, settling, signal))
      .catch(() => signal.throwIfAborted());
}

async function forget(
  context: ClusterContext,
  { ghost, observed }: { readonly ghost: SwarmNode; readonly observed: Observed },
  { leader: { engine }, machines }: Settling,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const name = nodeName(ghost, observed);
  const node = isDead(ghost, observed) ? ghost : await untilClear(context, { engine, ghost, name }, signal);
  if (!node) return { effect: "unchanged", detail: "is on the list no more" };
  if (node.status === "ready" && !isDead(node, observed))
    return { effect: "unchanged", detail: "is alive elsewhere: nothing is done to it" };
  if (isMember(node)) {
    const now = { nodes: await engine.nodes(signal), words: observed.words };
    enforce(judgeNode("demote", node, await observedFrom(context, machines, now)), true); // none that may fail is lost with it
  }
  return await context.journal.around("leave", name, async () => {
    await forgetNode(context, { manager: engine, node, name }, signal);
    return { effect: "changed", detail: "its machine is gone; the node is forgotten" };
  });
}

/** Waits until the managers know whether a node is dead: their word is late after a death and after a change of leader. */
async function untilClear(
  context: ClusterContext,
  { engine, ghost, name }: { readonly engine: Leader["engine"]; readonly ghost: SwarmNode; readonly name: string },
  signal: AbortSignal,
): Promise<SwarmNode | undefined> {
  const { clock } = context.deps;
  const message = `its machine is gone and the swarm calls the node ${ghost.status}: waiting until it is known to be down`;
  emit(context, { event: "note", machine: name, message });
  const patienceMs = ghost.status === "ready" ? lateMs.ready : lateMs.unclear;
  for (const end = clock.elapsed() + patienceMs; ; await clock.sleep(pollMs, signal)) {
    const node = await engine.node(ghost.id, signal);
    if (!node || node.status === "down" || clock.elapsed() >= end) return node;
  }
}
