import type { Change, Cluster } from "../cluster/types.ts";
import type { CliContext } from "./context.ts";
import type { Description } from "./library.ts";
import { say } from "./output.ts";

/** Has hosts known whose keys nobody knows yet, and shows the keys: those that are to be taken into the cluster. */
export async function acceptNewKeys(
  context: CliContext,
  cluster: Cluster,
  { description, changes }: { readonly description: Description; readonly changes: readonly Change[] },
): Promise<void> {
  const coming = new Set(changes.flatMap(({ action, machine }) => (action === "create" ? [machine] : [])));
  const hosts = cluster.spec.machines.filter(({ name, host }) => host && coming.has(name)).map(({ name }) => name);
  if (hosts.length === 0) return;
  const options = { description, jump: undefined, hostKeys: "accept-new" } as const;
  for (const one of await context.library.lookAtHosts(hosts, options, context.signal))
    if (one.kind === "seen") say(context, `${one.name} shows the host key ${one.report.hostKey}`);
}
