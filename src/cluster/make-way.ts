import type { CreateOutcome, Machine, MachineRequest } from "../providers/provider.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, messageOf } from "../util/errors.ts";
import { type RetryPolicy, retry } from "../util/retry.ts";
import { type ClusterContext, emit } from "./context.ts";
import { createPatiently } from "./create-patiently.ts";
import type { OpenProvider } from "./fleet.ts";

/** How long a machine that is being removed may still be listed. */
const goneDeadlineMs = 10 * 60_000;
/** How a list that fails is asked for again. */
const listing: RetryPolicy = { attempts: 6, firstDelayMs: 2000, maxDelayMs: 60_000, factor: 2 };

/**
 * Makes machines, also where a name is taken by one that will never run: a machine on its way out is waited for until it is
 * gone, one that failed is removed if it is among the expendable. Each is then asked for again, once.
 *
 * @param making names, as `expendable`, the ids of the failed machines that nobody will miss; nothing else is ever removed.
 * @returns one outcome a request, in their order; only an interrupt is thrown.
 */
export async function createInPlace(
  context: ClusterContext,
  making: { readonly open: OpenProvider; readonly expendable: ReadonlySet<string> },
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const { open, expendable } = making;
  const outcomes = await createPatiently(context, open, requests, signal);
  const inTheWay = outcomes
    .flatMap((one) => (one.kind === "refused" ? [] : [one.machine]))
    .filter(({ id, state }) => state.kind === "removing" || (state.kind === "failed" && expendable.has(id)));
  if (inTheWay.length === 0) return outcomes;
  const later = await anew(context, open, { requests, inTheWay }, signal);
  return outcomes.map((outcome, index) => later.get(requests[index]?.name ?? "") ?? outcome);
}

interface Way {
  readonly requests: readonly MachineRequest[];
  readonly inTheWay: readonly Machine[];
}

async function anew(
  context: ClusterContext,
  open: OpenProvider,
  { requests, inTheWay }: Way,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, CreateOutcome>> {
  const refusals = new Map<string, CreateOutcome>();
  for (const { name, state } of inTheWay) {
    const why = state.kind === "failed" ? `its making had failed: ${state.reason}` : "the old one is on its way out";
    emit(context, { event: "note", machine: name, message: `made anew, since ${why}` });
  }
  const removed = await removeAll(context, open, inTheWay, signal);
  for (const [name, error] of removed) if (error) refusals.set(name, { kind: "refused", name, error });
  const free = requests.filter(({ name }) => removed.has(name) && !refusals.has(name));
  const outcomes = await createPatiently(context, open, free, signal);
  return new Map([...refusals, ...outcomes.map((outcome, index) => [free[index]?.name ?? "", outcome] as const)]);
}

/** Sees machines removed, each with its intent, until none is listed any more; with the error of each that is. */
async function removeAll(
  context: ClusterContext,
  open: OpenProvider,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Error | undefined>> {
  const closes = await Promise.all(machines.map(({ name }) => context.journal.intend("remove", name)));
  const errors = await removeAndWait(context, open, machines, signal).catch((error: unknown) => {
    const known = error instanceof Error ? error : new BeltError("internal", messageOf(error));
    return new Map(machines.map(({ id }) => [id, known]));
  });
  await Promise.all(machines.map(({ id }, index) => closes[index]?.(errors.get(id))));
  signal.throwIfAborted();
  return new Map(machines.map(({ name, id }) => [name, errors.get(id)]));
}

/**
 * Only those that failed are removed here; the others are on their way already.
 *
 * @returns the errors of those that the provider did not remove, by the machine's id.
 */
async function removeAndWait(
  context: ClusterContext,
  { provider, plugin }: OpenProvider,
  machines: readonly Machine[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Error>> {
  const failed = machines.filter(({ state }) => state.kind === "failed");
  const outcomes = failed.length === 0 ? [] : await provider.remove(failed, signal);
  const errors = new Map(outcomes.flatMap((one) => (one.kind === "failed" ? [[one.machine.id, one.error]] : [])));
  const going = new Set(machines.map(({ id }) => id).filter((id) => !errors.has(id)));
  const { clock, random } = context.deps;
  const list = (inner: AbortSignal) => retry(listing, { clock, random }, inner, () => provider.list(context.id, inner));
  const deadline = { ms: goneDeadlineMs, what: "what stood in the way was removed, and was still listed" };
  await withDeadline(deadline, clock, signal, async (inner) => {
    while ((await list(inner)).some(({ id }) => going.has(id))) await clock.sleep(plugin.pace.pollMs, inner);
  });
  return errors;
}
