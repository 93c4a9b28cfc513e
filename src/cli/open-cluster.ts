import type { Emit } from "../cluster/events.ts";
import type { Cluster } from "../cluster/types.ts";
import { aimAt } from "./aim.ts";
import type { CliContext } from "./context.ts";

/** Takes no notice of events: for commands that only look. */
export const quiet: Emit = () => {};

/**
 * The name of the cluster that a command is about: the one rule of `cluster/aim.ts`, for commands that begin with no template.
 *
 * @throws BeltError `usage.no-cluster` when nothing says which, or it is not there yet; `usage.renamed`.
 */
export async function clusterName(context: CliContext): Promise<string> {
  const { target } = await aimAt(context, undefined, false);
  if (target.kind === "file") return await context.library.clusterOfFile(target);
  return target.name;
}

/** Opens the cluster that a command is about. */
export async function openCluster(context: CliContext, emit: Emit = quiet): Promise<Cluster> {
  return await context.library.open(await clusterName(context), emit);
}
