import type { Problem } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import type { ClusterContext } from "./context.ts";
import { providerSpec, type WantedMachine } from "./create-machines.ts";

/** What stands in the way of these machines, as each one's provider sees it; without any, of the cluster's own provider. */
export async function problemsOf(
  context: ClusterContext,
  wanted: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  return (await requirementsOf(context, wanted, signal)).map(({ problem }) => problem);
}

/** One thing that stands in the way, and the provider that says so. */
export interface Requirement {
  readonly provider: string;
  readonly problem: Problem;
}

/** {@link problemsOf}, each with its provider. */
export async function requirementsOf(
  context: ClusterContext,
  wanted: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<readonly Requirement[]> {
  const byProvider = Map.groupBy(wanted, ({ provider }) => provider);
  if (byProvider.size === 0) byProvider.set(context.spec.provider, []);
  const problems = [...byProvider].map(async ([name, machines]) => {
    const { provider } = await context.fleet.open(name);
    const found = await provider.check(providerSpec(context, name, machines), signal);
    return found.map((problem) => ({ provider: name, problem }));
  });
  return (await Promise.all(problems)).flat();
}

/**
 * Refuses machines that their provider would refuse, such as one of a size that it has not, before the cluster file says that
 * they are to be there. What can be mended on the way is left to whoever asks the user.
 *
 * @throws BeltError `provider.requirements` with every problem.
 */
export async function refuseUnmakeable(
  context: ClusterContext,
  wanted: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<void> {
  const problems = (await problemsOf(context, wanted, signal)).filter(({ fix }) => fix === undefined);
  const [first] = problems;
  if (!first) return;
  const message = problems.map((problem) => problem.message).join("; ");
  throw new BeltError("provider.requirements", message, { hint: first.hint });
}
