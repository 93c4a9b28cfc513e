import type { Machine } from "../providers/provider.ts";
import type { SwarmNode } from "../swarm/engine.ts";
import { machineOf } from "../swarm/identity.ts";
import { isAlive, isManager, isMember, membersOf } from "../swarm/members.ts";
import { spareOf } from "../swarm/quorum.ts";
import { type ExpectedNode, verifySwarm } from "../swarm/verify.ts";
import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { type Agreement, disturbancesIn, requireAgreed } from "./agreement.ts";
import { bringUp, type Task } from "./bring-up.ts";
import { type ClusterContext, emit, machinesByName } from "./context.ts";
import { guardVolumes } from "./data-guard.ts";
import type { EditedFile } from "./file-edit.ts";
import { closesThem, exposuresOf } from "./firewall/exposure.ts";
import type { Leader } from "./formation.ts";
import { askDoubtful } from "./identity.ts";
import { leaderAmong } from "./leader.ts";
import type { Leniency } from "./leniency.ts";
import { meetSwarm } from "./meet-swarm.ts";
import { observe, observedFrom } from "./observe.ts";
import { conclude, upCommand } from "./outcome.ts";
import { type PhaseResult, Tally } from "./phases.ts";
import { pickViews } from "./pick.ts";
import { destructive, missing, plan } from "./plan.ts";
import { obtainMachines } from "./prepare.ts";
import { removeViews } from "./remove.ts";
import { settingsDrift } from "./settings-drift.ts";
import { settleNodes } from "./settle.ts";
import { keepShared } from "./shared.ts";
import { isNodeSpec, type MachineSpec } from "./spec/types.ts";
import type { Change, Observed, Outcome, Saving } from "./types.ts";
import { walledProviders } from "./walled-providers.ts";

/** How long the swarm may take to call every node ready after the last join. */
const verifyDeadlineMs = 90_000;

/** What the user agreed to beforehand. */
export interface UpOptions extends Leniency {
  /** Remove machines that the file names no more, and make those anew that are not made as it says. */
  readonly allowRemove: boolean;
  /** What was shown and agreed to, in place of `allowRemove`: whatever would be done beyond it is refused. */
  readonly agreed?: Agreement | undefined;
  /** The cluster file as it is to be, written first. */
  readonly file?: EditedFile | undefined;
}

/**
 * Brings the whole cluster file about: machines, engines, certificates, swarm, labels, roles; verified from a manager. Only
 * when all of that went well is anything taken away, and only if that was agreed to.
 *
 * @throws BeltError `guard.removal` before anything is done, when machines would go and nobody agreed to it; `guard.changed` when
 *   more would be done than was agreed to.
 */
export async function up(context: ClusterContext, options: UpOptions & Saving, signal: AbortSignal): Promise<Outcome> {
  const tally = new Tally(context);
  const existing = await machinesByName(context, signal);
  const { changes, observed } = await lookUnderLock(context, existing, signal);
  const going = destructive(changes);
  if (options.agreed) requireAgreed(options.agreed, disturbancesIn(changes, observed, missing(context.spec, observed)));
  else if (!options.allowRemove) refuseRemoval(going);
  const leniency = options.agreed ? { ...options, acceptNoSpare: options.agreed.noSpare } : options;
  if (going.length > 0) await guardGoing(context, going, options, signal);
  await options.save();
  await tellExposed(context, existing);
  if (existing.size > 0) await keepShared(context, tally, signal);
  const machines = await bringAbout(context, context.spec.machines, { tally, existing, leniency }, signal);
  if (tally.failures.length === 0) await takeAway(context, going, { tally, leniency }, signal);
  if (tally.failures.length === 0) await context.journal.closeOpen();
  return conclude(context, tally, machines, upCommand(context));
}

/** What there is to do, from the world as it is now that nobody else changes it. */
async function lookUnderLock(
  context: ClusterContext,
  existing: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
): Promise<{ readonly changes: readonly Change[]; readonly observed: Observed }> {
  const answer = await meetSwarm(context, existing, signal);
  const nodes = answer?.kind === "answered" ? answer.nodes : undefined;
  const words = nodes && (await askDoubtful(context, [...existing.values()], nodes, signal));
  const seen = await observedFrom(context, existing, { nodes, words });
  const observed = { ...seen, settings: await settingsDrift(context, seen) };
  return { changes: plan(context.spec, observed), observed };
}

/** Says what the world may reach on hosts for which the file has no firewall. */
async function tellExposed(context: ClusterContext, existing: ReadonlyMap<string, Machine>): Promise<void> {
  const [first, ...others] = exposuresOf(context.spec, existing, await walledProviders(context));
  if (!first) return;
  const likewise = others.length === 0 ? "" : `; likewise on ${compressNames(others.map(({ name }) => name))}`;
  emit(context, { event: "note", machine: first.name, message: `${first.what}${likewise}; ${closesThem}` });
}

/** Refuses changes that destroy machines. @throws BeltError `guard.removal` naming them. */
export function refuseRemoval(going: readonly Change[]): void {
  const [first] = going;
  if (!first) return;
  const names = (action: Change["action"]) =>
    going.filter((one) => one.action === action).map(({ machine }) => machine);
  const parts = [
    ...(names("destroy").length > 0 ? [`remove ${compressNames(names("destroy"))}, which the file does not name`] : []),
    ...(names("replace").length > 0 ? [`replace ${compressNames(names("replace"))} (${first.reason})`] : []),
  ];
  throw new BeltError("guard.removal", `this would ${parts.join(", and ")}; nothing was changed`, {
    hint: "Agree with --allow-remove, or change the cluster file so that it says what is there. belt plan shows all of it.",
  });
}

/** The guard of data for all that is removed or replaced in the end, before anything is done. @throws BeltError `guard.data` */
async function guardGoing(
  context: ClusterContext,
  going: readonly Change[],
  leniency: Leniency,
  signal: AbortSignal,
): Promise<void> {
  const names = new Set(going.map(({ machine }) => machine));
  const observed = await observe(context, true, signal);
  const targets = observed.machines.filter(({ name }) => names.has(name));
  await guardVolumes(context, { observed, targets }, leniency, signal);
}

/** What is there already: the machines, and a manager to join where only some of the file's machines are brought up. */
interface Found {
  readonly existing: ReadonlyMap<string, Machine>;
  readonly through?: Leader;
}

interface Work {
  readonly tally: Tally;
  readonly leniency: Leniency;
}

/** Makes or finds these machines of the file and brings them into the swarm, each node in its role, confirmed by a manager. */
export async function bringAbout(
  context: ClusterContext,
  wanted: readonly MachineSpec[],
  { tally, leniency, existing, through }: Work & Found,
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  const obtain = await obtainMachines(context, wanted, existing, signal);
  const tasks = wanted.map(
    (node): Task => ({
      name: node.name,
      node: isNodeSpec(node) ? node : undefined,
      bootstrap: node.role !== "bare",
      existed: existing.has(node.name),
      ...obtain(node.name),
    }),
  );
  const result = await bringUp({ context, tally, through, acceptPause: leniency.acceptPause }, tasks, signal);
  if (result.members.length === 0) return result.machines;
  const machines = new Map([...existing, ...result.machines.map((machine) => [machine.name, machine] as const)]);
  const leader = await result.formation.leader;
  const words = new Map(result.members.map(({ name, nodeId }) => [name, { kind: "node", nodeId } as const]));
  await settleNodes(context, { tally, leader, machines, leniency, words }, signal);
  const failed = new Set(tally.failures.map(({ machine }) => machine));
  const members = result.members.filter(({ name }) => !failed.has(name));
  const stays = context.spec.machines.some(({ name, role }) => name === leader.name && role === "manager");
  const speaker = stays ? leader : await leaderAmong(context, machines, signal);
  await verify(context, { members, leader: speaker }, tally, signal);
  return result.machines;
}

/** Removes what the file does not name, then makes anew, one after the other, what is not made as it says. */
async function takeAway(
  context: ClusterContext,
  going: readonly Change[],
  work: Work,
  signal: AbortSignal,
): Promise<void> {
  const names = (action: Change["action"]) =>
    going.filter((one) => one.action === action).map(({ machine }) => machine);
  if (names("destroy").length > 0) await removeNames(context, names("destroy"), work, signal);
  for (const name of names("replace")) {
    if (work.tally.failures.length > 0) return;
    await removeNames(context, [name], work, signal);
    if (work.tally.failures.length > 0) return;
    const existing = await machinesByName(context, signal);
    const wanted = context.spec.machines.filter((machine) => machine.name === name);
    await bringAbout(
      context,
      wanted,
      { ...work, existing, through: await leaderAmong(context, existing, signal) },
      signal,
    );
  }
}

async function removeNames(
  context: ClusterContext,
  names: readonly string[],
  work: Work,
  signal: AbortSignal,
): Promise<void> {
  const observed = await observe(context, true, signal);
  const whole = context.spec.machines.length === 0; // else the swarm stays, also where all of its machines are made anew
  await removeViews(context, { targets: pickViews(names, observed.machines), whole }, work, signal);
}

/**
 * A manager of ours that does not answer counts against the majority until it is forgotten.
 *
 * @throws BeltError `swarm.unverified`
 */
function refuseDeadVoters(
  { spec }: ClusterContext,
  nodes: readonly SwarmNode[],
  members: ReadonlyMap<string, string>,
): void {
  const named = new Set(spec.machines.map(({ name }) => name));
  const dead = nodes.filter(
    (node) =>
      isMember(node) &&
      !isAlive(node) &&
      !members.has(node.id) &&
      (machineOf(node) !== undefined || named.has(node.hostname)),
  );
  if (dead.length === 0) return;
  const spare = spareOf(membersOf(nodes));
  const left = spare > 0 ? `managers that may still fail: ${spare}` : "there is no failure to spare";
  const who = dead.map(({ hostname, id }) => `${hostname} (${id})`).join(", ");
  throw new BeltError("swarm.unverified", `still among the managers and not answering: ${who}; ${left}`, {
    hint: "Run the same command again once belt status calls it down.",
  });
}

/**
 * Has a manager confirm every node that was brought up, by its id, and tells all nodes of the swarm. What it does not confirm
 * counts as failed.
 */
export async function verify(
  context: ClusterContext,
  { members, leader }: { readonly members: readonly ExpectedNode[]; readonly leader: Leader },
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  if (members.length === 0) return;
  const limits = { deadlineMs: verifyDeadlineMs, clock: context.deps.clock };
  const confirm = async (): Promise<PhaseResult> => {
    await verifySwarm(leader.engine, members, limits, signal);
    const nodes = await leader.engine.nodes(signal);
    const names = new Map(members.map(({ nodeId, name }) => [nodeId, name]));
    emit(context, {
      event: "verified",
      nodes: nodes.map((node) => ({
        name: names.get(node.id) ?? node.hostname,
        id: node.id,
        role: isManager(node) ? "manager" : "worker",
        status: node.status,
      })),
    });
    refuseDeadVoters(context, nodes, names);
    return { effect: "unchanged", detail: compressNames(members.map(({ name }) => name)) };
  };
  // A failure is in the tally, told and with its hint: the command ends as partly done.
  await tally.phase(leader.name, "verify", confirm).catch(() => signal.throwIfAborted());
}
