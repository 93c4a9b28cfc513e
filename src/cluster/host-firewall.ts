import type { Machine, RemoveOutcome } from "../providers/provider.ts";
import { mapBounded } from "../util/concurrency.ts";
import { messageOf } from "../util/errors.ts";
import { bootstrapContext } from "./bootstrap-context.ts";
import { answerDeadlineMs, type ClusterContext, emit, reach } from "./context.ts";
import { memberAddresses } from "./firewall/member-addresses.ts";
import { removeFirewall } from "./firewall/remove-firewall.ts";
import type { CloseIntent } from "./journal.ts";
import type { PhaseResult } from "./phases.ts";
import type { Session } from "./sessions.ts";
import { firewall } from "./steps/firewall.ts";
import { readHostFacts } from "./steps/host-facts.ts";
import type { HostWall } from "./steps/step.ts";
import { walledProviders } from "./walled-providers.ts";

/** How long a new connection may take to come through new rules, in milliseconds: less than they are on trial. */
const provenWithinMs = 12_000;
/** How many hosts are worked on at a time beside those that a command is about. */
const sideBySide = 16;

/** Which machines a cluster has, as soon as all that are being made have an address. */
export type Membership = (signal: AbortSignal) => Promise<readonly Machine[]>;

/** The firewall of one host, for its bootstrap. */
export function wallOf(context: ClusterContext, machine: Machine, membership: Membership): HostWall {
  return {
    spec: context.spec.firewall,
    members: async (signal) => memberAddresses(context.spec.swarm.advertise, await membership(signal)),
    reconnect: (signal) => context.sessions.fresh(machine, provenWithinMs, signal),
  };
}

/** Keeps the firewall of one host, and nothing else there: for hosts that get no engine of ours, or have it already. */
export async function keepFirewall(
  context: ClusterContext,
  session: Session,
  membership: Membership,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const { machine, connection } = session;
  let close: CloseIntent | undefined;
  const beforeChange = async (): Promise<void> => {
    close ??= await context.journal.intend("firewall", machine.name);
  };
  const { authority } = await context.keys();
  const wall = wallOf(context, machine, membership);
  const options = { deps: context.deps, engineSpec: context.spec.engine, authority, beforeChange, wall };
  const state = bootstrapContext(options, session);
  try {
    state.facts = await readHostFacts(connection, context.deps.clock, signal);
    const result = await firewall.run(state, signal);
    await close?.();
    return result;
  } catch (error) {
    await close?.(error);
    throw error;
  }
}

/**
 * Brings the firewalls of hosts that a command is not about in line with who is in the cluster now. One that does not answer is only
 * told of: its rules follow at the next `up`.
 *
 * @returns whether anything was changed.
 */
export async function keepFirewallsOf(
  context: ClusterContext,
  { members, hosts: candidates }: { readonly members: readonly Machine[]; readonly hosts: readonly Machine[] },
  signal: AbortSignal,
): Promise<boolean> {
  if (!context.spec.firewall) return false;
  const walled = await walledProviders(context);
  const hosts = candidates.filter(({ provider, state }) => walled.has(provider) && state.kind === "running");
  const membership: Membership = async () => members;
  const results = await mapBounded(hosts, sideBySide, async (machine) => {
    const session = await reach(context, machine, signal);
    return await keepFirewall(context, session, membership, signal);
  });
  signal.throwIfAborted();
  results.forEach((result, index) => {
    if (result.status === "fulfilled") return;
    const message = `its firewall was not brought up to date, belt up does that: ${messageOf(result.reason)}`;
    emit(context, { event: "note", machine: hosts[index]?.name ?? "", message });
  });
  return results.some((result) => result.status === "fulfilled" && result.value.effect === "changed");
}

/** Takes away what beltkit put on hosts that are about to be given back. Returns those on which that failed. */
export async function removeFirewalls(
  context: ClusterContext,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const results = await mapBounded(machines, sideBySide, async (machine) => {
    const connection = await context.sessions.connect(machine, answerDeadlineMs, signal);
    await removeFirewall(connection, signal);
  });
  signal.throwIfAborted();
  return machines.flatMap((machine, index): readonly RemoveOutcome[] => {
    const result = results[index];
    if (result?.status !== "rejected") return [];
    const { reason } = result;
    return [{ kind: "failed", machine, error: reason instanceof Error ? reason : new Error(messageOf(reason)) }];
  });
}
