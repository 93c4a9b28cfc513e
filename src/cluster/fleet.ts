import type { Machine, Provider, ProviderContext, ProviderPlugin } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { providersNotYet } from "./spec/not-yet.ts";
import type { ProviderRegistry } from "./types.ts";

/** A provider that is open, with what its plugin says about it. */
export interface OpenProvider {
  readonly plugin: ProviderPlugin;
  readonly provider: Provider;
}

/** What opening providers needs: what each gets from outside, and which there are. */
export type FleetContext = ProviderContext & { readonly providers: ProviderRegistry };

/** The providers of one cluster, each opened once, when first asked for. */
export class Fleet implements AsyncDisposable {
  readonly #context: FleetContext;
  readonly #open = new Map<string, Promise<OpenProvider>>();

  constructor(context: FleetContext) {
    this.#context = context;
  }

  /** @throws BeltError `usage.not-yet` for a provider that this version has not. */
  open(name: string): Promise<OpenProvider> {
    const known = this.#open.get(name);
    if (known) return known;
    const opening = openProvider(name, this.#context);
    this.#open.set(name, opening);
    return opening;
  }

  /** All machines of a cluster, of every provider in `names`, in the order of their names. */
  async list(names: readonly string[], clusterId: string, signal: AbortSignal): Promise<readonly Machine[]> {
    const lists = await Promise.all(
      names.map(async (name) => (await this.open(name)).provider.list(clusterId, signal)),
    );
    return lists.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    for (const one of opened) if (one.status === "fulfilled") await one.value.provider[Symbol.asyncDispose]();
  }
}

/** The plugin of a provider. */
export async function loadPlugin(name: string, providers: ProviderRegistry): Promise<ProviderPlugin> {
  const load = providers[name];
  if (load) return await load();
  const hint = `Providers here: ${Object.keys(providers).join(", ")}.`;
  if (providersNotYet.includes(name)) throw new BeltError("usage.not-yet", `not yet: the provider ${name}`, { hint });
  throw new BeltError("usage.invalid", `there is no provider "${name}"`, { hint });
}

async function openProvider(name: string, context: FleetContext): Promise<OpenProvider> {
  const plugin = await loadPlugin(name, context.providers);
  return { plugin, provider: await plugin.open(context) };
}
