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
  const byProvider = Map.groupBy(wanted, ({ provider }) => provider);
  if (byProvider.size === 0) byProvider.set(context.spec.provider, []);
  const problems = [...byProvider].map(async ([name, machines]) => {
    const { provider } = await context.fleet.open(name);
    return await provider.check(providerSpec(context, name, machines), signal);
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
