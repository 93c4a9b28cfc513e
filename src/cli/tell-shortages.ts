import type { Emit } from "../cluster/events.ts";
import type { Cluster } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";
import { shortageLine } from "./render/scale.ts";

/** Says which services will be short, before anything is asked or done; as notes among JSON lines. */
export async function tellShortages(
  context: CliContext,
  cluster: Cluster,
  { names, emit }: { readonly names: readonly string[]; readonly emit: Emit },
): Promise<void> {
  for (const line of (await cluster.shortages(names, context.signal)).map(shortageLine))
    if (context.globals.json) emit({ event: "note", at: context.io.clock.now(), message: line });
    else say(context, line);
}
