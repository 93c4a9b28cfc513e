import type { LocalSwarm } from "../swarm/engine.ts";
import { clusterLabel, formerNodes } from "../swarm/identity.ts";
import { initSwarm } from "../swarm/init.ts";
import { joinSwarm } from "../swarm/join.ts";
import { applyNodeSettings, hasNodeSettings } from "../swarm/label.ts";
import { election } from "../swarm/managers.ts";
import { hostAndPort, managementPort } from "../swarm/ports.ts";
import type { ExpectedNode } from "../swarm/verify.ts";
import type { Mutex } from "../util/concurrency.ts";
import { retry } from "../util/retry.ts";
import { advertiseAddress } from "./advertise.ts";
import type { ClusterContext } from "./context.ts";
import type { Formation, Leader } from "./formation.ts";
import { availabilityToSet, keysToDrop, labelsFor } from "./owned-labels.ts";
import type { PhaseResult, Tally } from "./phases.ts";
import type { Session } from "./sessions.ts";
import type { NodeSpec } from "./spec/types.ts";
import type { HostFacts } from "./steps/facts.ts";

/** One machine that is to be a node, with what its way into the swarm shares with the others. */
export interface Entry {
  readonly context: ClusterContext;
  readonly tally: Tally;
  readonly formation: Formation;
  /** Managers join one at a time. */
  readonly managersInTurn: Mutex;
  /** The manager whose swarm is the cluster's because the user says so. */
  readonly adopt: string | undefined;
  readonly session: Session;
  readonly facts: HostFacts;
  readonly node: NodeSpec;
  /** What the node's label is to remember of its machine's settings, which were seen or made to be so just now. */
  readonly settings: string | undefined;
  readonly existed: boolean;
}

type Joined = PhaseResult & { readonly nodeId: string; readonly leader: Leader };

/** Brings one machine into the swarm and sets its labels and availability; one that is in it already is only looked at. */
export async function enterSwarm(entry: Entry, signal: AbortSignal): Promise<ExpectedNode> {
  const { name, role } = entry.node;
  const { nodeId, leader } =
    role === "manager" ? await enterAsManager(entry, signal) : await enterAsWorker(entry, signal);
  const { clock, random } = entry.context.deps;
  // The engine of another manager may just be restarted: the swarm then elects a leader.
  const labelled = () => retry(election, { clock, random }, signal, () => label(entry, leader, nodeId, signal));
  await entry.tally.phase(name, "label", labelled);
  return { name, nodeId, role };
}

async function enterAsWorker(entry: Entry, signal: AbortSignal): Promise<Joined> {
  const { swarm } = await entry.session.engine.info(signal);
  // The file may want a manager to be a worker from now on: until then it speaks for the swarm like any other.
  if (swarm.state === "active" && swarm.isManager)
    return await entry.tally.phase(entry.node.name, "join", () => lead(entry, swarm, signal));
  // The wait for a leader is not this machine's own work: it stays outside its phase.
  await entry.formation.leader.catch(() => {});
  return await entry.tally.phase(entry.node.name, "join", async () =>
    join(entry, await entry.formation.leader, signal),
  );
}

async function enterAsManager(entry: Entry, signal: AbortSignal): Promise<Joined> {
  const { formation, tally, session, node } = entry;
  const { swarm } = await session.engine.info(signal);
  if (swarm.state === "active" && !swarm.isManager) {
    formation.failed(node.name); // it cannot speak for the swarm that it is in
    return await enterAsWorker(entry, signal);
  }
  if (swarm.state !== "inactive") return await tally.phase(node.name, "join", () => leadAgain(entry, swarm, signal));
  const decision = await formation.decide(node.name).catch((error: unknown) => ({ kind: "refused" as const, error }));
  // The wait for its turn, like that for a leader, is not this machine's own work: it stays outside its phase.
  if (decision.kind === "join")
    return await entry.managersInTurn.run(() =>
      tally.phase(node.name, "join", () => join(entry, decision.leader, signal)),
    );
  return await tally.phase(node.name, "join", async () => {
    if (decision.kind === "refused") throw decision.error;
    return await entry.context.journal.around("init", node.name, () => lead(entry, swarm, signal));
  });
}

/** Finds the swarm on a manager that was in one. Its engine may only now learn that the others have gone on without it, as a worker. */
async function leadAgain(entry: Entry, local: LocalSwarm, signal: AbortSignal): Promise<Joined> {
  try {
    return await lead(entry, local, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { swarm } = await entry.session.engine.info(signal);
    if (swarm.state !== "active" || swarm.isManager) throw error;
    entry.formation.failed(entry.node.name);
    return await join(entry, await entry.formation.leader, signal);
  }
}

/** Starts the swarm on this manager, or finds it there; from now on everybody else joins it. */
async function lead(entry: Entry, local: LocalSwarm, signal: AbortSignal): Promise<Joined> {
  const { context, session, node } = entry;
  const address = addressOf(entry);
  const request = {
    advertiseAddress: address,
    dataPathAddress: address,
    listenAddress: hostAndPort(address, managementPort),
    addressPools: context.spec.swarm.addressPools,
    autolock: context.spec.swarm.autolock,
    certExpiryHours: context.spec.swarm.certExpiryHours,
    labels: { [clusterLabel]: context.id },
  };
  const swarmId = await knownSwarm(entry, local, signal);
  const { clock, random } = context.deps;
  // Managers that were just powered on take a few seconds to elect a leader.
  const result = await retry(election, { clock, random }, signal, () =>
    initSwarm(session.engine, { request, swarmId, clock }, signal),
  );
  if (context.journal.state.swarmId !== result.swarmId)
    await context.journal.record({ kind: "swarm", swarmId: result.swarmId });
  await context.lock.meet(session.engine, signal);
  const leader: Leader = { name: node.name, engine: session.engine, address: hostAndPort(address, managementPort) };
  entry.formation.offer(leader);
  return { effect: result.effect, detail: "manager", nodeId: result.nodeId, leader };
}

/** The id that this manager's swarm must have to be ours, where anything but the label in the swarm itself tells. */
async function knownSwarm(entry: Entry, local: LocalSwarm, signal: AbortSignal): Promise<string | undefined> {
  const { state } = entry.context.journal;
  if (state.swarmId !== undefined && entry.adopt === undefined) return state.swarmId;
  const begunHere = state.open.some(({ operation, on }) => operation === "init" && on === entry.node.name);
  const isNamed = local.nodeId !== "" && entry.node.host?.node === local.nodeId; // the file was written from this swarm
  if (local.state !== "active" || !(begunHere || isNamed || entry.adopt === entry.node.name)) return undefined;
  return (await entry.session.engine.swarmInspect(signal)).id;
}

async function join(entry: Entry, leader: Leader, signal: AbortSignal): Promise<Joined> {
  const { context, session, node } = entry;
  const address = addressOf(entry);
  const { state } = context.journal;
  const begun = state.open.some(({ operation, on }) => operation === "join" && on === node.name);
  const enter = () =>
    joinSwarm(
      {
        engine: session.engine,
        managers: [leader.engine],
        role: node.role,
        request: {
          advertiseAddress: address,
          dataPathAddress: address,
          listenAddress: hostAndPort(address, managementPort),
          managers: [leader.address],
        },
        swarmId: state.swarmId,
        repair: begun || !entry.existed,
        clock: context.deps.clock,
      },
      signal,
    );
  const { swarm } = await session.engine.info(signal);
  const { nodeId, effect } =
    swarm.state === "inactive" ? await context.journal.around("join", node.name, enter) : await enter();
  return { effect, detail: node.role, nodeId, leader };
}

async function label(entry: Entry, leader: Leader, nodeId: string, signal: AbortSignal): Promise<PhaseResult> {
  const { node, session, context } = entry;
  const nodes = await leader.engine.nodes(signal);
  const present = nodes.find(({ id }) => id === nodeId);
  const { id: machineId, privateAddress, publicAddress } = session.machine;
  const former = formerNodes(nodes, { machineId, nodeId, addresses: [privateAddress, publicAddress] });
  for (const { id } of former)
    await context.journal.around("leave", node.name, () => leader.engine.removeNode(id, true, signal));
  const availability = present && availabilityToSet(node, present);
  const { zone } = session.machine;
  const labels = labelsFor(node, present, { zone, settings: entry.settings });
  const ownedLabelKeys = present && keysToDrop(node, present);
  const settings = { machineId, labels, ownedLabelKeys: ownedLabelKeys ?? [], availability };
  const apply = () => applyNodeSettings(leader.engine, nodeId, settings, signal);
  const isSo = present !== undefined && hasNodeSettings(present, settings);
  const effect = isSo ? "unchanged" : await context.journal.around("update", node.name, apply);
  return { effect: former.length > 0 ? "changed" : effect, detail: node.availability };
}

function addressOf({ context, session, facts }: Entry): string {
  return advertiseAddress(context.spec.swarm.advertise, session.machine, facts);
}
