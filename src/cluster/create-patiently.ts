import type { CreateOutcome, Machine, MachineRequest } from "../providers/provider.ts";
import { BeltError, isBeltError, messageOf } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { type RetryPolicy, retry } from "../util/retry.ts";
import { type ClusterContext, emit } from "./context.ts";
import type { OpenProvider } from "./fleet.ts";

/**
 * How a create that may succeed later is tried again: a few times, each after a longer pause. An error that is no BeltError
 * comes from a call that broke off: nobody knows whether it took effect.
 */
const again: RetryPolicy = {
  attempts: 5,
  firstDelayMs: 1000,
  maxDelayMs: 30_000,
  factor: 2,
  retryIf: (error) => !isBeltError(error) || error.retryable,
};

/**
 * Asks for machines until each is there, is refused for good, or was tried often enough. Before anything is asked for again
 * the provider's list is read: a reply may have been lost, and what is there by then was made.
 *
 * @returns one outcome a request, in their order; only an interrupt is thrown.
 */
export async function createPatiently(
  context: ClusterContext,
  { provider }: OpenProvider,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const outcomes = new Map<string, CreateOutcome>();
  const open = (): readonly MachineRequest[] => requests.filter(({ name }) => mayBeAsked(outcomes.get(name)));
  const { clock, random } = context.deps;
  const onRetry = (error: unknown, _attempt: number, delayMs: number): void => {
    const names = compressNames(open().map(({ name }) => name));
    const when = `tried again in ${Math.ceil(delayMs / 1000)} s`;
    emit(context, { event: "note", message: `${names} not made yet: ${messageOf(error)}; ${when}` });
  };
  await retry(again, { clock, random, onRetry }, signal, async (attempt) => {
    if (attempt > 1) take(await provider.list(context.id, signal), open(), outcomes);
    const asked = open();
    if (asked.length === 0) return;
    for (const outcome of await provider.create(asked, signal)) outcomes.set(nameOf(outcome), outcome);
    const [left] = open();
    if (left) throw whyNot(left.name, outcomes);
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    for (const { name } of open()) if (!outcomes.has(name)) outcomes.set(name, refusedFor(name, error));
  });
  return requests.map(({ name }) => outcomes.get(name) ?? refusedFor(name, whyNot(name, outcomes)));
}

function mayBeAsked(outcome: CreateOutcome | undefined): boolean {
  return outcome === undefined || (outcome.kind === "refused" && isBeltError(outcome.error) && outcome.error.retryable);
}

/** Takes what is there by now; a machine that failed is asked for again. */
function take(listed: readonly Machine[], open: readonly MachineRequest[], outcomes: Map<string, CreateOutcome>): void {
  const there = new Map(listed.map((machine) => [machine.name, machine]));
  for (const { name } of open) {
    const machine = there.get(name);
    if (machine && machine.state.kind !== "failed") outcomes.set(name, { kind: "exists", machine });
  }
}

function whyNot(name: string, outcomes: ReadonlyMap<string, CreateOutcome>): Error {
  const outcome = outcomes.get(name);
  if (outcome?.kind === "refused") return outcome.error;
  return new BeltError("provider.unavailable", `the provider did not report ${name}`, { retryable: true });
}

function refusedFor(name: string, error: unknown): CreateOutcome {
  return { kind: "refused", name, error: error instanceof Error ? error : new Error(messageOf(error)) };
}

function nameOf(outcome: CreateOutcome): string {
  return outcome.kind === "refused" ? outcome.name : outcome.machine.name;
}
