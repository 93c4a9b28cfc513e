import type { Machine } from "../providers/provider.ts";
import type { Task } from "./bring-up.ts";
import { type ClusterContext, machinesByName } from "./context.ts";
import { keepFirewall, keepFirewallsOf, type Membership, wallOf } from "./host-firewall.ts";
import type { Tally } from "./phases.ts";
import type { Session } from "./sessions.ts";
import type { HostWall } from "./steps/step.ts";
import { walledProviders } from "./walled-providers.ts";

/** The firewalls of one command's hosts, as far as beltkit itself keeps them. */
export interface Walls {
  /** What a machine's bootstrap is told; nothing for a machine around which a provider keeps the firewall, or nobody. */
  around(machine: Machine): HostWall | undefined;
  /** Keeps the firewall of a machine that gets nothing else. */
  keepOnly(session: Session, signal: AbortSignal): Promise<undefined>;
  /** Resolves once the hosts that the command is not about let the cluster's machines in: before that none of them can join. */
  others(signal: AbortSignal): Promise<void>;
}

/**
 * The firewalls around the machines of a command, and its tasks again, each of whose machines is asked for once, however many wait for
 * it: a firewall that lists members waits for the addresses of all.
 */
export async function wallsAround(
  context: ClusterContext,
  tally: Tally,
  given: readonly Task[],
): Promise<{ readonly walls: Walls; readonly tasks: readonly Task[] }> {
  const walled = await walledProviders(context);
  if (walled.size === 0) return { walls: noWalls, tasks: given };
  const tasks = given.map((task) => ({ ...task, machine: once(task.machine) }));
  let known: ReturnType<Membership> | undefined;
  const membership: Membership = (signal) => {
    known ??= membersAfter(context, tasks, signal);
    return known;
  };
  let kept: Promise<void> | undefined;
  const around = (machine: Machine) =>
    walled.has(machine.provider) ? wallOf(context, machine, membership) : undefined;
  const walls: Walls = {
    around,
    keepOnly: async (session, signal) => {
      const { machine } = session;
      if (!around(machine)) return;
      await tally.phase(machine.name, "firewall", () => keepFirewall(context, session, membership, signal));
    },
    others: (signal) => {
      kept ??= keepOthers(context, { tasks, membership, tally }, signal);
      return kept;
    },
  };
  return { walls, tasks };
}

const noWalls: Walls = {
  around: () => undefined,
  keepOnly: async () => undefined,
  others: async () => {},
};

async function membersAfter(
  context: ClusterContext,
  tasks: readonly Task[],
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  const made = await Promise.allSettled(tasks.map((task) => task.machine()));
  signal.throwIfAborted();
  const all = new Map(await machinesByName(context, signal));
  for (const one of made) if (one.status === "fulfilled") all.set(one.value.machine.name, one.value.machine);
  return [...all.values()];
}

async function keepOthers(
  context: ClusterContext,
  {
    tasks,
    membership,
    tally,
  }: { readonly tasks: readonly Task[]; readonly membership: Membership; readonly tally: Tally },
  signal: AbortSignal,
): Promise<void> {
  if (!context.spec.firewall) return;
  const members = await membership(signal);
  const names = new Set(tasks.map(({ name }) => name));
  const hosts = members.filter(({ name }) => !names.has(name));
  if (await keepFirewallsOf(context, { members, hosts }, signal)) tally.changed = true;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
