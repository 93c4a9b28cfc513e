import type { Machine } from "../providers/provider.ts";
import type { LocalSwarm, SwarmNode } from "../swarm/engine.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, messageOf } from "../util/errors.ts";
import { answerDeadlineMs, type ClusterContext, reach } from "./context.ts";
import type { Session } from "./sessions.ts";

/** What asking the swarm brought: its nodes and the manager that answered, or why nobody did. */
export type SwarmAnswer =
  | { readonly kind: "answered"; readonly by: Session; readonly nodes: readonly SwarmNode[] }
  | { readonly kind: "none"; readonly why: string; readonly trouble: SwarmTrouble };

/**
 * What is known of a swarm for which no manager answers. `absent`: those that answered are in none. `no-quorum`: managers answer, and
 * have no leader. `locked`: managers wait for the unlock key. `silent`: no manager's engine answers.
 */
export type SwarmTrouble =
  | { readonly kind: "absent" }
  | { readonly kind: "silent" }
  | { readonly kind: "locked"; readonly machines: readonly string[] }
  /** `managers` is how many there are, as far as those that answer know. */
  | { readonly kind: "no-quorum"; readonly machines: readonly string[]; readonly managers: number };

/** How long a command that only reads waits for a manager, in milliseconds: whatever is dead, it answers in a few seconds. */
export const readingDeadlineMs = 4000;

/** How long managers that answer may take to elect a leader, and how often they are asked. */
const electionMs = { deadline: 20_000, poll: 500 };

/**
 * Asks the managers of the file for the swarm's nodes, all at once; the first one that can speak for the swarm is taken.
 * Where the file has none that run, every machine is asked. Where they answer that they are workers, the managers that they
 * know are asked: the file may be ahead of the swarm.
 *
 * @param deadlineMs for each machine, by those who only read. Whoever decides by the answer waits longer, also for an election.
 */
export async function askSwarm(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
  deadlineMs?: number,
): Promise<SwarmAnswer> {
  if (deadlineMs !== undefined) return await askOnce(context, machines, signal, deadlineMs);
  const { clock } = context.deps;
  for (const end = clock.elapsed() + electionMs.deadline; ; await clock.sleep(electionMs.poll, signal)) {
    const answer = await askOnce(context, machines, signal, answerDeadlineMs);
    const mayPass = answer.kind === "none" && answer.trouble.kind === "no-quorum";
    if (!mayPass || clock.elapsed() >= end) return answer;
  }
}

async function askOnce(
  context: ClusterContext,
  machines: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<SwarmAnswer> {
  const running = [...machines.values()].filter((machine) => machine.state.kind === "running");
  const named = new Set(context.spec.machines.filter(({ role }) => role === "manager").map(({ name }) => name));
  const managers = running.filter((machine) => named.has(machine.name));
  const candidates = managers.length > 0 ? managers : running;
  if (candidates.length === 0) return { kind: "none", why: "no machine is running", trouble: { kind: "silent" } };
  const asking: Asking = { context, deadlineMs, heard: new Map() };
  const answer = await firstToSpeak(asking, candidates, signal);
  const known = new Set([...asking.heard.values()].flatMap(managersOfWorker));
  const others = running.filter((machine) => !candidates.includes(machine) && isAmong(machine, known));
  if (answer.kind === "answered" || others.length === 0) return answer;
  const other = await firstToSpeak(asking, others, signal);
  return other.kind === "answered" ? other : { ...answer, trouble: troubleOf(asking.heard) };
}

interface Asking {
  readonly context: ClusterContext;
  /** For one machine. */
  readonly deadlineMs: number;
  /** What each engine that answered says of itself, by its machine's name. */
  readonly heard: Map<string, LocalSwarm>;
}

async function firstToSpeak(asking: Asking, machines: readonly Machine[], signal: AbortSignal): Promise<SwarmAnswer> {
  try {
    return { kind: "answered", ...(await Promise.any(machines.map((machine) => askOne(asking, machine, signal)))) };
  } catch (error) {
    signal.throwIfAborted();
    const first = error instanceof AggregateError ? error.errors[0] : error;
    return { kind: "none", why: messageOf(first), trouble: troubleOf(asking.heard) };
  }
}

async function askOne(
  { context, deadlineMs, heard }: Asking,
  machine: Machine,
  signal: AbortSignal,
): Promise<{ readonly by: Session; readonly nodes: readonly SwarmNode[] }> {
  const deadline = { ms: deadlineMs, what: `${machine.name} did not answer` };
  return await withDeadline(deadline, context.deps.clock, signal, async (inner) => {
    const by = await reach(context, machine, inner);
    const { swarm } = await by.engine.info(inner);
    heard.set(machine.name, swarm);
    if (swarm.state === "active" && swarm.isManager) return { by, nodes: await by.engine.nodes(inner) };
    throw new BeltError("swarm.no-leader", `${machine.name} is no manager of a swarm`);
  });
}

function troubleOf(heard: ReadonlyMap<string, LocalSwarm>): SwarmTrouble {
  const names = (which: (swarm: LocalSwarm) => boolean): readonly string[] =>
    [...heard].filter(([, swarm]) => which(swarm)).map(([name]) => name);
  const locked = names(({ state }) => state === "locked");
  if (locked.length > 0) return { kind: "locked", machines: locked };
  const managers = names(({ state, isManager }) => state === "active" && isManager);
  const count = Math.max(0, ...[...heard.values()].map((swarm) => swarm.managers.length));
  if (managers.length > 0) return { kind: "no-quorum", machines: managers, managers: Math.max(count, managers.length) };
  return heard.size > 0 && count === 0 ? { kind: "absent" } : { kind: "silent" };
}

function managersOfWorker({ state, isManager, managers }: LocalSwarm): readonly string[] {
  return state === "active" && !isManager ? managers.map((address) => address.replace(/:\d+$/, "")) : [];
}

function isAmong({ privateAddress, publicAddress }: Machine, addresses: ReadonlySet<string>): boolean {
  return [privateAddress, publicAddress].some((address) => address !== undefined && addresses.has(address));
}
