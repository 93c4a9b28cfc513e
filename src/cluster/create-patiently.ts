import type { CreateOutcome, MachineRequest } from "../providers/provider.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import { type RetryPolicy, retry } from "../util/retry.ts";
import type { ClusterContext } from "./context.ts";
import type { OpenProvider } from "./fleet.ts";

/** How a create that may succeed later is tried again: a few times, each after a longer pause. */
const again: RetryPolicy = { attempts: 5, firstDelayMs: 1000, maxDelayMs: 30_000, factor: 2 };

/** Asks for machines until each is there, is refused for good, or was tried often enough; in the order of the requests. */
export async function createPatiently(
  context: ClusterContext,
  { provider }: OpenProvider,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const outcomes = new Map<string, CreateOutcome>();
  const open = (): readonly MachineRequest[] => requests.filter(({ name }) => mayBeAsked(outcomes.get(name)));
  const { clock, random } = context.deps;
  await retry(again, { clock, random }, signal, async (attempt) => {
    if (attempt > 1) await reconcile(context, provider, { open: open(), outcomes }, signal);
    const asked = open();
    if (asked.length === 0) return;
    for (const outcome of await provider.create(asked, signal)) outcomes.set(nameOf(outcome), outcome);
    const refused = open().map(({ name }) => outcomes.get(name));
    const [first] = refused;
    if (first?.kind === "refused") throw first.error;
  }).catch((error: unknown) => {
    if (signal.aborted || outcomes.size < requests.length) throw error; // a refusal is an outcome
  });
  return requests.map(({ name }) => outcomes.get(name) ?? lost(name));
}

function mayBeAsked(outcome: CreateOutcome | undefined): boolean {
  return outcome === undefined || (outcome.kind === "refused" && isBeltError(outcome.error) && outcome.error.retryable);
}

/** A reply that was lost, or a refusal that was none: what is there by now was made. */
async function reconcile(
  context: ClusterContext,
  provider: OpenProvider["provider"],
  { open, outcomes }: { readonly open: readonly MachineRequest[]; readonly outcomes: Map<string, CreateOutcome> },
  signal: AbortSignal,
): Promise<void> {
  const there = new Map((await provider.list(context.id, signal)).map((machine) => [machine.name, machine]));
  for (const { name } of open) {
    const machine = there.get(name);
    if (machine && machine.state.kind !== "failed") outcomes.set(name, { kind: "exists", machine });
  }
}

function nameOf(outcome: CreateOutcome): string {
  return outcome.kind === "refused" ? outcome.name : outcome.machine.name;
}

function lost(name: string): CreateOutcome {
  const error = new BeltError("provider.unavailable", `the provider said nothing of ${name}`, { retryable: true });
  return { kind: "refused", name, error };
}
