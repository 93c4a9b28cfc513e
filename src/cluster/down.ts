import type { Machine, RemoveOutcome } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { readTextIfThere, removePath } from "../util/files.ts";
import { compressNames } from "../util/ranges.ts";
import { type ClusterContext, emit, machinesByName, providerNames } from "./context.ts";
import { templateHeader } from "./file-edit.ts";
import type { OpenProvider } from "./fleet.ts";
import { putOutOfUse } from "./home.ts";
import { meetSwarm } from "./meet-swarm.ts";
import { conclude } from "./outcome.ts";
import { Tally } from "./phases.ts";
import { releaseMachines } from "./release.ts";
import type { Outcome } from "./types.ts";

/**
 * Removes all that `up` made and nothing else: the machines, then what they shared, then the keys. The swarm ends with its
 * machines. At the end the provider is asked again, by the cluster's tag: only its word that nothing is left counts.
 *
 * @throws BeltError `guard.protected` when the cluster file protects the cluster.
 */
export async function down(context: ClusterContext, signal: AbortSignal): Promise<Outcome> {
  if (context.spec.protect)
    throw new BeltError("guard.protected", `the cluster ${context.spec.name} is protected`, {
      hint: "Set `protect: false` in the cluster file if it is to go.",
    });
  const tally = new Tally(context);
  const existing = await machinesByName(context, signal);
  const machines = [...existing.values()];
  await meetSwarm(context, existing, signal);
  context.lock.leaveSwarm();
  await removeMachines(context, machines, tally, signal);
  if (tally.failures.length === 0) {
    await removeShared(context, signal);
    await provenGone(context, signal);
  }
  const outcome = conclude(context, tally, machines, `belt down ${context.spec.name}`);
  if (outcome.failures.length === 0) await forget(context);
  return outcome;
}

/** Destroys machines, each with its intent; failures go to the tally. Nothing of theirs is asked: they are to be gone. */
export async function removeMachines(
  context: ClusterContext,
  machines: readonly Machine[],
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const byProvider = Map.groupBy(machines, ({ provider }) => provider);
  await Promise.all(
    [...byProvider].map(([name, some]) => removeFrom(context, { name, machines: some }, tally, signal)),
  );
  signal.throwIfAborted();
}

async function removeFrom(
  context: ClusterContext,
  from: { readonly name: string; readonly machines: readonly Machine[] },
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const open = await context.fleet.open(from.name);
  const intents = await Promise.all(
    from.machines.map(async (machine) => ({ machine, close: await context.journal.intend("remove", machine.name) })),
  );
  const removing = undoAndRemove(context, { machines: from.machines, open }, signal);
  const phases = intents.map(({ machine, close }) =>
    tally.phase(machine.name, "remove", async () => {
      const error = whatFailed(machine, await removing);
      await close(error);
      if (error) throw error;
      emit(context, { event: "machine-removed", machine: machine.name });
      return { effect: "changed" };
    }),
  );
  await Promise.allSettled(phases);
}

/** Undoes what was done on machines that stay, then removes those on which that did not fail. */
async function undoAndRemove(
  context: ClusterContext,
  { machines, open }: { readonly machines: readonly Machine[]; readonly open: OpenProvider },
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const { plugin, provider } = open;
  const kept = plugin.machines === "taken" ? await releaseMachines(context, machines, signal) : [];
  const released = without(machines, kept);
  const reachable = released.filter(({ given }) => !given?.abandoned);
  const walled = plugin.firewall === "host" ? await unwall(context, reachable, signal) : [];
  await Promise.all(machines.map((machine) => context.sessions.drop(machine.name)));
  const rest = without(released, walled);
  return [...kept, ...walled, ...(rest.length === 0 ? [] : await provider.remove(rest, signal))];
}

function without(machines: readonly Machine[], outcomes: readonly RemoveOutcome[]): readonly Machine[] {
  return machines.filter(({ id }) => !outcomes.some(({ machine }) => machine.id === id));
}

/** What runs on hosts is loaded only where there are some. */
async function unwall(
  context: ClusterContext,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<readonly RemoveOutcome[]> {
  const { removeFirewalls } = await import("./host-firewall.ts");
  return await removeFirewalls(context, machines, signal);
}

function whatFailed(machine: Machine, outcomes: readonly RemoveOutcome[]): Error | undefined {
  const outcome = outcomes.find((one) => one.machine.id === machine.id);
  if (!outcome)
    return new BeltError("provider.refused", `the provider did not report ${machine.name}`, { retryable: true });
  return outcome.kind === "failed" ? outcome.error : undefined;
}

async function removeShared(context: ClusterContext, signal: AbortSignal): Promise<void> {
  for (const name of providerNames(context.spec)) {
    const { shared } = (await context.fleet.open(name)).provider;
    if (shared) await context.journal.around("unshare", name, () => shared.remove(context.id, signal));
  }
}

async function provenGone(context: ClusterContext, signal: AbortSignal): Promise<void> {
  const left = await machinesByName(context, signal);
  if (left.size === 0) return;
  throw new BeltError("machine.failed", `still there: ${compressNames(left.keys())}`, {
    hint: `Run \`belt down ${context.spec.name}\` again.`,
  });
}

/**
 * The keys open nothing any more. A cluster file that lies in the folder is the user's and stays, unless it came from a template;
 * else the folder goes.
 */
async function forget({ folder, home, spec }: ClusterContext): Promise<void> {
  await putOutOfUse(home, spec.name);
  for (const file of [
    folder.keys,
    folder.knownHosts,
    folder.activeNode,
    folder.providers,
    folder.reserve,
    folder.journal,
  ])
    await removePath(file);
  const own = await readTextIfThere(folder.ownFile);
  if (own === undefined || own.startsWith(templateHeader)) await removePath(folder.path);
}
