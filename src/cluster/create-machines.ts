import type {
  CreateOutcome,
  KeyPair,
  Machine,
  MachineRequest,
  PlannedMachine,
  ProviderSpec,
} from "../providers/provider.ts";
import { generateKeyPair } from "../ssh/keys.ts";
import { mapBounded } from "../util/concurrency.ts";
import { digest } from "../util/digest.ts";
import { BeltError } from "../util/errors.ts";
import type { Breaker } from "./breaker.ts";
import type { ClusterContext } from "./context.ts";
import type { OpenProvider } from "./fleet.ts";
import { createInPlace } from "./make-way.ts";
import { noteMet, sawMade } from "./meet-machine.ts";
import type { MachineSpec } from "./spec/types.ts";
import { untilSettled } from "./unsettled.ts";

/** A machine to be made, from the cluster file or from the words of `belt create`. */
export interface WantedMachine {
  readonly name: string;
  readonly group: string;
  readonly provider: string;
  readonly size: string | undefined;
  readonly image: string | undefined;
  readonly zones?: MachineSpec["zones"];
  /** The host that it is, where it exists already. */
  readonly host?: MachineSpec["host"];
}

/** Inputs to creating machines. */
export interface Making {
  readonly open: OpenProvider;
  readonly breaker: Breaker;
  /** The machines that are asked for although they are there: they failed, or are on their way out. */
  readonly taken: readonly Machine[];
  /** The ids of failed machines that may be removed and made anew. */
  readonly expendable: ReadonlySet<string>;
}

/**
 * Starts making machines, in the bulk calls that the provider likes, and returns at once: each machine is handed on as soon
 * as its own call returned. Intents and host keys are on the disk before a call goes out. What may succeed later is tried
 * again, after a look at what is there by then: a reply may have been lost, and a second machine of a name is never asked for.
 */
export function createMachines(
  context: ClusterContext,
  { open, breaker, taken, expendable }: Making,
  wanted: readonly WantedMachine[],
  signal: AbortSignal,
): ReadonlyMap<string, Promise<Machine>> {
  const made = new Map(wanted.map((machine) => [machine.name, Promise.withResolvers<Machine>()]));
  const { batch, parallel } = open.plugin.pace;
  const batches = batchesOf(wanted, taken, batch);
  const fail = (machine: WantedMachine, error: unknown): void => {
    breaker.failed(machine, error);
    made.get(machine.name)?.reject(error);
  };
  void mapBounded(batches, parallel, async (some) => {
    const begun = some.filter(({ name, group }) => {
      const refusal = breaker.refusal(group);
      if (refusal) made.get(name)?.reject(refusal);
      return refusal === undefined;
    });
    try {
      signal.throwIfAborted();
      const outcomes = begun.length === 0 ? [] : await createBatch(context, { open, expendable }, begun, signal);
      for (const [index, machine] of begun.entries()) {
        const outcome = outcomes[index];
        if (outcome?.kind === "refused") fail(machine, refused(machine.name, outcome.error));
        else if (outcome) made.get(machine.name)?.resolve(outcome.machine);
      }
    } catch (error) {
      for (const machine of begun) fail(machine, error);
    }
  });
  for (const { promise } of made.values()) promise.catch(() => {}); // whoever waits for it handles it
  return new Map([...made].map(([name, { promise }]) => [name, promise]));
}

/** What a provider's `check` and `shared` are told about machines to be made. */
export function providerSpec(
  context: ClusterContext,
  provider: string,
  wanted: readonly WantedMachine[],
): ProviderSpec {
  const { spec } = context;
  const ours = spec.machines.filter((machine) => machine.provider === provider);
  return {
    clusterId: context.id,
    clusterName: spec.name,
    requests: wanted.map((machine) => plannedMachine(context, machine)),
    groups: [...new Set([...ours, ...wanted].map(({ group }) => group))],
    authorizedKeys: context.authorizedKeys,
    firewall: spec.firewall,
    options: spec.providerOptions[provider],
  };
}

/** A machine as its provider is told about it before it is made. */
export function plannedMachine(context: ClusterContext, { name, group, size, ...rest }: WantedMachine): PlannedMachine {
  return { name, group, size, options: optionsOf(context, rest) };
}

/** The provider's options for one machine: its block of the cluster file, with the machine's own image and zones if it has any. */
export function optionsOf(
  { spec }: ClusterContext,
  { provider, image, zones }: Pick<WantedMachine, "provider" | "image" | "zones">,
): Readonly<Record<string, unknown>> {
  const block = spec.providerOptions[provider];
  const options = typeof block === "object" && block !== null ? { ...block } : {};
  return { ...options, ...(image === undefined ? {} : { image }), ...(zones === undefined ? {} : { zones }) };
}

/** One bulk call makes machines that are alike. What may have to be removed first goes by itself: it keeps nobody else waiting. */
function batchesOf(
  wanted: readonly WantedMachine[],
  taken: readonly Machine[],
  size: number,
): readonly (readonly WantedMachine[])[] {
  const names = new Set(taken.map(({ name }) => name));
  return [false, true].flatMap((isTaken) => {
    const some = wanted.filter(({ name }) => names.has(name) === isTaken);
    const alike = Map.groupBy(some, ({ group, size: own, image }) => JSON.stringify([group, own, image]));
    return [...alike.values()].flatMap((machines) => chunks(machines, size));
  });
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

async function createBatch(
  context: ClusterContext,
  { open, expendable }: Pick<Making, "open" | "expendable">,
  wanted: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const authorizedKeys = await context.authorizedKeys();
  const keyOf = hostKeysFor(open);
  const requests = wanted.map((machine) => requestFor(context, machine, { authorizedKeys, hostKey: keyOf(machine) }));
  await Promise.all(requests.map((request) => pinBefore(context, open, request)));
  const { journal } = context;
  await untilSettled(
    context,
    open,
    wanted.map(({ name }) => name),
    signal,
  );
  const known = new Set(requests.flatMap(({ name }) => (sawMade(journal.state, name) ? [name] : [])));
  const closes = await Promise.all(requests.map((request) => journal.intend("create", request.name)));
  try {
    const outcomes = await createInPlace(context, { open, expendable }, requests, signal);
    for (const outcome of outcomes) {
      await pinVouched(context, open, outcome);
      // It may be that somebody else made it a moment ago.
      if (outcome.kind === "exists" && !known.has(outcome.machine.name)) await noteMet(journal, outcome.machine.name);
    }
    await Promise.all(
      outcomes.map((outcome, index) => closes[index]?.(outcome.kind === "refused" ? outcome.error : undefined)),
    );
    return outcomes;
  } catch (error) {
    await Promise.all(closes.map((close) => close(error)));
    throw error;
  }
}

/** A key for each machine, or one for all of a call. */
function hostKeysFor({ plugin }: OpenProvider): (machine: WantedMachine) => KeyPair {
  if (plugin.hostKeys === "each") return ({ name }) => generateKeyPair(name);
  const one = generateKeyPair("bootstrap");
  return () => one;
}

/**
 * Pins what a machine will show at first contact, before it is asked for. The bootstrap keys of earlier calls stay: one of them
 * may have been answered after all.
 */
async function pinBefore({ knownHosts }: ClusterContext, { plugin }: OpenProvider, request: MachineRequest) {
  const { name, hostKey } = request;
  if (plugin.hostKeys === "each") await knownHosts.pin(name, [hostKey.publicKey]);
  if (plugin.hostKeys === "call")
    await knownHosts.pin(name, [], [...(await knownHosts.bootstrapKeysOf(name)), hostKey.publicKey]);
}

/** A host that was there before keeps the host key that it has; its provider vouches for it. */
async function pinVouched(context: ClusterContext, { plugin }: OpenProvider, outcome: CreateOutcome): Promise<void> {
  if (outcome.kind === "refused" || outcome.machine.hostKey === undefined) return;
  if (outcome.kind === "exists" || plugin.hostKeys === "own")
    await context.knownHosts.pin(outcome.machine.name, [outcome.machine.hostKey]);
}

function requestFor(
  context: ClusterContext,
  machine: WantedMachine,
  keys: Pick<MachineRequest, "authorizedKeys" | "hostKey">,
): MachineRequest {
  const options = optionsOf(context, machine);
  return {
    ...keys,
    ...(machine.host ? { host: { ...machine.host, name: machine.name, group: machine.group } } : {}),
    name: machine.name,
    group: machine.group,
    clusterId: context.id,
    clusterName: context.spec.name,
    size: machine.size,
    specHash: digest({ size: machine.size, options }),
    options,
  };
}

function refused(name: string, cause: Error): BeltError {
  if (cause instanceof BeltError) return cause;
  return new BeltError("provider.refused", `the provider refused to make ${name}: ${cause.message}`, { cause });
}
