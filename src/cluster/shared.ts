import { type ClusterContext, emit, providerNames } from "./context.ts";
import { providerSpec } from "./create-machines.ts";
import type { Tally } from "./phases.ts";

/** One thing that is not as it should be among what a provider's machines share: its network, its firewall, its key. */
export interface SharedChange {
  readonly provider: string;
  /** In the user's words: "open 80/tcp to any on workers". */
  readonly what: string;
}

/** What `ensure` would change, of every provider that the file uses. */
export async function inspectShared(context: ClusterContext, signal: AbortSignal): Promise<readonly SharedChange[]> {
  const changes = providerNames(context.spec).map(async (provider) => {
    const { shared } = (await context.fleet.open(provider)).provider;
    const spec = providerSpec(context, provider, []);
    return ((await shared?.inspect(spec, signal)) ?? []).map((what) => ({ provider, what }));
  });
  return (await Promise.all(changes)).flat();
}

/** Brings what machines share in line with the file where no machine has to be made, and says what was changed. */
export async function keepShared(context: ClusterContext, tally: Tally, signal: AbortSignal): Promise<void> {
  const byProvider = Map.groupBy(await inspectShared(context, signal), ({ provider }) => provider);
  for (const [provider, changes] of byProvider) {
    const { shared } = (await context.fleet.open(provider)).provider;
    const spec = providerSpec(context, provider, []);
    await context.journal.around("share", provider, async () => shared?.ensure(spec, signal));
    tally.changed = true;
    for (const { what } of changes) emit(context, { event: "note", message: `${provider}: ${what}` });
  }
}
