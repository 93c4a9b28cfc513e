import type { Emit } from "../cluster/events.ts";
import type { Cluster } from "../cluster/types.ts";
import { aimAt } from "./aim.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";

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

/** Says what is noted while a cluster file is read, for commands that only look. */
export function notesTo(context: CliContext): Emit {
  return (event) => {
    if (event.event === "note" && event.machine === undefined) say(context, event.message);
  };
}

/** Opens the cluster that a command is about. */
export async function openCluster(context: CliContext, emit: Emit = quiet): Promise<Cluster> {
  return await context.library.open(await clusterName(context), emit);
}
