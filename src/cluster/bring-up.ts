import type { Machine } from "../providers/provider.ts";
import type { ExpectedNode } from "../swarm/verify.ts";
import { Mutex, mapBounded } from "../util/concurrency.ts";
import { bootstrapContext } from "./bootstrap-context.ts";
import { bootDeadlineMs, type ClusterContext } from "./context.ts";
import { EngineRestarts } from "./engine-restarts.ts";
import { enterSwarm } from "./enter-swarm.ts";
import { Formation, type Leader } from "./formation.ts";
import { ownHostKey } from "./host-key.ts";
import type { CloseIntent } from "./journal.ts";
import { noteReached } from "./meet-machine.ts";
import type { PhaseResult, Tally } from "./phases.ts";
import type { Session } from "./sessions.ts";
import { settingsDigests } from "./settings-drift.ts";
import type { NodeSpec } from "./spec/types.ts";
import type { HostFacts } from "./steps/facts.ts";
import { bootstrapSteps, walledSteps } from "./steps/index.ts";
import type { StepContext } from "./steps/step.ts";
import { type Walls, wallsAround } from "./walls.ts";

/** One machine to bring up, and how far. */
export interface Task {
  readonly name: string;
  /** Its place in the swarm; absent for a machine that is to be in none. */
  readonly node: NodeSpec | undefined;
  /** Whether the machine gets an engine and certificates; a bare one is only reached. */
  readonly bootstrap: boolean;
  /** Whether it was there before this command. */
  readonly existed: boolean;
  /** Resolves with the machine once it is made and has an address. */
  readonly machine: () => Promise<PhaseResult & { readonly machine: Machine }>;
  /** Is told when the machine could not be brought up. */
  readonly failed?: (error: unknown) => void;
}

/** What a command brings up with. */
export interface BringUpOptions {
  readonly context: ClusterContext;
  readonly tally: Tally;
  /** The manager that the user named as the one to join: its swarm is the one, and none is founded. */
  readonly leader?: string;
  /** A manager that speaks for the swarm already, where the tasks are only some of the cluster's machines. */
  readonly through?: Leader | undefined;
  /** Whether engines of managers may be restarted where no manager is left to spare meanwhile; not unless it was agreed to. */
  readonly acceptPause?: boolean;
}

/** What came of it. */
export interface BroughtUp {
  readonly machines: readonly Machine[];
  readonly members: readonly ExpectedNode[];
  readonly formation: Formation;
}

/** How many machines are worked on at a time: a bound for memory and sockets, far above what a usual cluster has. */
const maxPipelines = 64;

/**
 * Brings machines up, one pipeline each and no barrier between them: the only waits across machines are those of a join, for a
 * manager to join, and of managers for one another. One machine's failure never stops the others.
 */
export async function bringUp(
  { context, tally, leader, through, acceptPause = false }: BringUpOptions,
  given: readonly Task[],
  signal: AbortSignal,
): Promise<BroughtUp> {
  const { walls, tasks } = await wallsAround(context, tally, given);
  const managers = tasks.filter((task) => task.node?.role === "manager");
  const formation = new Formation({
    managers: managers.map(({ name }) => name),
    existing: new Set(managers.filter(({ existed }) => existed).map(({ name }) => name)),
    mayNotFound: whyNoSwarm(context, leader),
    leader: through,
  });
  const shared: Shared = {
    context,
    tally,
    formation,
    managersInTurn: new Mutex(),
    adopt: leader,
    walls,
    restarts: new EngineRestarts(context, acceptPause),
  };
  // Managers first: everybody else waits for one of them.
  const ordered = [...managers, ...tasks.filter((task) => task.node?.role !== "manager")];
  const results = await mapBounded(ordered, maxPipelines, (task) => runPipeline(shared, task, signal));
  signal.throwIfAborted();
  const done = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return {
    machines: done.map(({ machine }) => machine),
    members: done.flatMap(({ membership }) => (membership ? [membership] : [])),
    formation,
  };
}

interface Shared {
  readonly context: ClusterContext;
  readonly tally: Tally;
  /** The manager whose swarm is the cluster's because the user says so. */
  readonly adopt: string | undefined;
  readonly formation: Formation;
  readonly managersInTurn: Mutex;
  readonly walls: Walls;
  readonly restarts: EngineRestarts;
}

function whyNoSwarm({ journal, spec }: ClusterContext, leader: string | undefined): string | undefined {
  if (leader !== undefined) return `${leader} is no manager of a swarm; start one with \`belt swarm init ${leader}\``;
  return journal.state.swarmId && `the swarm that ${spec.name} had is on none of its managers any more`;
}

interface PipelineResult {
  readonly machine: Machine;
  readonly membership: ExpectedNode | undefined;
}

async function runPipeline(shared: Shared, task: Task, signal: AbortSignal): Promise<PipelineResult> {
  const { context, tally, formation } = shared;
  const isNew = !context.journal.state.met.has(task.name);
  try {
    const { machine } = await tally.phase(task.name, "create", task.machine);
    const { session } = await tally.phase(task.name, "reach", async () => reachBooting(context, machine, signal));
    await noteReached(context.journal, task.name);
    const facts = task.bootstrap
      ? await bootstrap(shared, { session, isNew }, signal)
      : await shared.walls.keepOnly(session, signal);
    const { node, existed } = task;
    if (node) await shared.walls.others(signal);
    const entry = node &&
      facts && { ...shared, session, node, facts, existed, settings: await settingsOf(shared, session, facts) };
    const membership = entry && (await enterSwarm(entry, signal));
    await tally.ready(task.name);
    return { machine, membership };
  } catch (error) {
    formation.failed(task.name);
    task.failed?.(error);
    throw error;
  }
}

/** The digest of what the machine's bootstrap has just seen or brought about. */
async function settingsOf(
  { context }: Shared,
  { machine }: Session,
  { engineVersion = "" }: HostFacts,
): Promise<string | undefined> {
  const digest = await settingsDigests(context);
  return digest?.(machine, engineVersion);
}

async function reachBooting(
  context: ClusterContext,
  machine: Machine,
  signal: AbortSignal,
): Promise<PhaseResult & { session: Session }> {
  const session = await context.sessions.open(machine, bootDeadlineMs, signal);
  return await ownHostKey(context, session, signal);
}

async function bootstrap(
  { context, tally, walls, restarts }: Shared,
  { session, isNew }: { readonly session: Session; readonly isNew: boolean },
  signal: AbortSignal,
): Promise<HostFacts> {
  const name = session.machine.name;
  const { authority } = await context.keys();
  // The intent is written when a step is about to change something: a machine that is as it should be leaves no line.
  let close: Promise<CloseIntent> | undefined;
  const beforeChange = async (): Promise<void> => {
    close ??= context.journal.intend("bootstrap", name);
    await close;
  };
  const wall = walls.around(session.machine);
  const inTurn: StepContext["inTurn"] = (work, inner) => restarts.run(session.machine, work, inner);
  const state = bootstrapContext(
    { deps: context.deps, engineSpec: context.spec.engine, authority, beforeChange, isNew, wall, inTurn },
    session,
  );
  try {
    for (const step of wall ? walledSteps : bootstrapSteps)
      await tally.phase(name, step.phase, () => step.run(state, signal));
  } catch (error) {
    await (await close)?.(error);
    throw error;
  }
  await (await close)?.();
  return state.facts;
}
