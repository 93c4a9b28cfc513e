import type { Emit } from "../cluster/events.ts";
import type { Cluster } from "../cluster/types.ts";
import { BeltError } from "../util/errors.ts";
import type { CliContext } from "./context.ts";

/** Takes no notice of events: for commands that only look. */
export const quiet: Emit = () => {};

/**
 * The name of the cluster that a command is about: `--cluster`, else the one in use.
 *
 * @throws BeltError `usage.no-cluster` when none is named, none is in use, and there is not exactly one.
 */
export async function clusterName(context: CliContext): Promise<string> {
  const name = context.globals.cluster ?? (await context.library.currentCluster());
  if (name !== undefined) return name;
  const names = await context.library.clusterNames();
  if (names.length === 0) {
    throw new BeltError("usage.no-cluster", `there is no cluster in ${await context.library.home()} yet`, {
      hint: "Make one: belt up, or belt cluster new --driver local NAME",
    });
  }
  throw new BeltError("usage.no-cluster", `there are several clusters: ${names.join(", ")}`, {
    hint: `Choose one: belt use ${names[0]}, or name it with --cluster`,
  });
}

/** Opens the cluster that a command is about. */
export async function openCluster(context: CliContext, emit: Emit = quiet): Promise<Cluster> {
  return await context.library.open(await clusterName(context), emit);
}
