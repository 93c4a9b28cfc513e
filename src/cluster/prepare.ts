import type { Machine } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { bakeImage } from "./bake.ts";
import { Breaker } from "./breaker.ts";
import { type ClusterContext, emit } from "./context.ts";
import { createMachines, optionsOf, providerSpec, type WantedMachine } from "./create-machines.ts";
import { expendable } from "./expendable.ts";
import type { OpenProvider } from "./fleet.ts";
import { guardCount } from "./guards.ts";
import type { PhaseResult } from "./phases.ts";
import { Poller } from "./poller.ts";
import { guardPrice } from "./price.ts";

/** One machine that was asked for. */
export interface Obtained {
  /** Resolves once the machine can be reached: made, started, or there already. */
  machine(): Promise<PhaseResult & { readonly machine: Machine }>;
  /** Tells that it could not be brought all the way: once too many could not, no more of its group are begun. */
  failed(error: unknown): void;
}

/**
 * Sees to it that every wanted machine is made or started, as far as it is not there and running already. What machines share
 * (images, network) is there before the first one is made; after that nothing waits for anything but its own call.
 *
 * @returns the function that gives, for a name, what was asked for.
 */
export async function obtainMachines(
  context: ClusterContext,
  wanted: readonly WantedMachine[],
  existing: ReadonlyMap<string, Machine>,
  signal: AbortSignal,
): Promise<(name: string) => Obtained> {
  guardCount(
    context,
    existing,
    wanted.map(({ name }) => name),
  );
  if (wanted.some(({ name }) => isMissing(existing.get(name)))) await guardPrice(context, signal);
  const providers = [...new Set(wanted.map(({ provider }) => provider))];
  const parts = await Promise.all(
    providers.map((provider) =>
      obtainFrom(
        context,
        provider,
        wanted.filter((machine) => machine.provider === provider),
        { existing, signal },
      ),
    ),
  );
  const all = new Map(parts.flatMap((part) => [...part]));
  return (name) => {
    const obtained = all.get(name);
    if (!obtained) throw new BeltError("internal", `${name} was never asked for`);
    return obtained;
  };
}

interface Around {
  readonly existing: ReadonlyMap<string, Machine>;
  readonly signal: AbortSignal;
}

async function obtainFrom(
  context: ClusterContext,
  providerName: string,
  wanted: readonly WantedMachine[],
  { existing, signal }: Around,
): Promise<ReadonlyMap<string, Obtained>> {
  const open = await context.fleet.open(providerName);
  const missing = wanted.filter(({ name }) => isMissing(existing.get(name)));
  if (missing.length > 0) {
    await ensureImages(context, open, missing, signal);
    await ensureShared(context, providerName, missing, signal);
  }
  const breaker = new Breaker(context.spec.limits.maxFailures);
  const taken = missing.flatMap(({ name }) => existing.get(name) ?? []);
  const making = { open, breaker, taken, expendable: await expendable(context, { existing, taken }, signal) };
  const made = createMachines(context, making, missing, signal);
  const poller = new Poller(open, context.id, context.deps);
  const obtain = async ({ name }: WantedMachine): ReturnType<Obtained["machine"]> => {
    const there = existing.get(name);
    if (there?.state.kind === "stopped") return await startStopped(context, there, signal);
    if (there?.state.kind === "running") return { effect: "unchanged", machine: there };
    const machine = isMissing(there) ? await made.get(name) : there;
    if (!machine) throw new BeltError("internal", `${name} was never asked for`);
    return { effect: "changed", machine: await poller.untilAddressed(machine, signal) };
  };
  return new Map(
    wanted.map((machine) => [
      machine.name,
      { machine: () => obtain(machine), failed: (error) => breaker.failed(machine, error) },
    ]),
  );
}

/**
 * Whether a machine is to be asked for. One that is being made is waited for, however slow its provider is. One that failed,
 * or is on its way out, is asked for again: its provider may mend it, and if it does not, way is made for another.
 */
function isMissing(machine: Machine | undefined): boolean {
  return machine === undefined || machine.state.kind === "failed" || machine.state.kind === "removing";
}

/** Makes the images that the machines stand on, one after the other, if the provider keeps its own and they are not there. */
async function ensureImages(
  context: ClusterContext,
  open: OpenProvider,
  missing: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<void> {
  const { images } = open.provider;
  if (!images) return;
  const names = new Set(missing.map((machine) => open.plugin.describe(optionsOf(context, machine)).image));
  for (const name of names) await bakeImage({ open, images, name }, context.deps, signal);
}

async function ensureShared(
  context: ClusterContext,
  providerName: string,
  missing: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<void> {
  const { shared } = (await context.fleet.open(providerName)).provider;
  if (!shared) return;
  const spec = providerSpec(context, providerName, missing);
  await context.journal.around("share", providerName, () => shared.ensure(spec, signal));
}

/** Starts a machine that is powered off, and says so. */
export async function startStopped(
  context: ClusterContext,
  machine: Machine,
  signal: AbortSignal,
): Promise<PhaseResult & { machine: Machine }> {
  const { provider } = await context.fleet.open(machine.provider);
  const { power } = provider;
  if (!power) return { effect: "unchanged", machine };
  await context.journal.around("power", machine.name, () => power.start(machine, signal));
  emit(context, { event: "note", machine: machine.name, message: "was stopped; started" });
  return { effect: "changed", machine: { ...machine, state: { kind: "running" } } };
}
