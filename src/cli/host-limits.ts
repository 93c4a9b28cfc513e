import { remarks } from "../cluster/steps/fitness.ts";
import { peekHostFacts } from "../cluster/steps/host-facts.ts";
import type { Cluster, MachineView } from "../cluster/types.ts";
import { withDeadline } from "../util/deadline.ts";
import type { CliContext } from "./context.ts";

const deadline = { ms: 10_000, what: "the host did not say what it cannot do" };

/** What works less well on a host, in a few words each; nothing where it cannot be asked. It changes nothing there. */
export async function limitsOf(
  { io, signal }: CliContext,
  cluster: Cluster,
  { name, machine }: MachineView,
): Promise<readonly string[] | undefined> {
  if (machine?.state.kind !== "running") return undefined;
  try {
    return await withDeadline(deadline, io.clock, signal, async (inner) =>
      remarks(await peekHostFacts(await cluster.connect(name, inner), io.clock, inner)),
    );
  } catch {
    signal.throwIfAborted();
    return undefined; // what the provider and the swarm know of it is shown all the same
  }
}
