import type { Machine, Provider, ProviderCluster, ProviderContext, ProviderPlugin } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import type { ProviderRegistry } from "./types.ts";

/** A provider that is open, with what its plugin says about it. */
export interface OpenProvider {
  readonly plugin: ProviderPlugin;
  readonly provider: Provider;
}

/** What opening providers needs: what each gets from outside, and which there are. */
export type FleetContext = Omit<ProviderContext, "cluster"> & { readonly providers: ProviderRegistry };

/** What a provider of this name is told about the cluster that it is opened for. */
export type ClusterFor = (provider: string) => ProviderCluster;

/** The providers of one cluster, each opened once, when first asked for. */
export class Fleet implements AsyncDisposable {
  readonly #context: FleetContext;
  readonly #clusterFor: ClusterFor | undefined;
  readonly #open = new Map<string, Promise<OpenProvider>>();

  /** Without `clusterFor` the providers are opened for no cluster. */
  constructor(context: FleetContext, clusterFor?: ClusterFor) {
    this.#context = context;
    this.#clusterFor = clusterFor;
  }

  /** @throws BeltError `usage.invalid` for a provider that there is not. */
  open(name: string): Promise<OpenProvider> {
    const known = this.#open.get(name);
    if (known) return known;
    const opening = this.#openNew(name);
    this.#open.set(name, opening);
    return opening;
  }

  /**
   * All machines of a cluster, of every provider in `names`, in the order of their names. What commands touch comes from here,
   * so a machine of another cluster is refused, whatever the provider thinks.
   *
   * @throws BeltError `provider.refused`
   */
  async list(names: readonly string[], clusterId: string, signal: AbortSignal): Promise<readonly Machine[]> {
    const lists = await Promise.all(
      names.map(async (name) => (await this.open(name)).provider.list(clusterId, signal)),
    );
    const machines = lists.flat();
    const other = machines.find((machine) => machine.clusterId !== clusterId);
    if (!other) return machines;
    throw new BeltError("provider.refused", `${other.provider} lists ${other.name}, a machine of another cluster`, {
      hint: `Asked for ${clusterId}, listed ${other.clusterId} (${other.clusterName}); nothing was changed.`,
    });
  }

  async #openNew(name: string): Promise<OpenProvider> {
    const plugin = await loadPlugin(name, this.#context.providers);
    const cluster = this.#clusterFor?.(name);
    return { plugin, provider: await plugin.open(cluster ? { ...this.#context, cluster } : this.#context) };
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
  const hint = `Providers here: ${Object.keys(providers).join(", ")}; by others: a package beltkit-provider-${name}, or a path under providers.`;
  throw new BeltError("usage.invalid", `there is no provider "${name}"`, { hint });
}
