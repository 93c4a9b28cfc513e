import { z } from "zod";
import { nameFor } from "../cloud/names.ts";
import type { ProviderContext } from "../provider.ts";
import type { Client } from "./client.ts";
import { optionsOf } from "./options.ts";
import { idTag, nameTag } from "./tags.ts";

const resourceSchema = z.object({ id: z.string() });

/** Who wants to be somewhere: a request, or what the provider is told about a cluster. */
export interface Tenant {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly options: unknown;
}

/** The resource groups of clusters: one of the cluster's own, or the user's. */
export class Places {
  readonly #client: Client;
  readonly #cluster: ProviderContext["cluster"];
  readonly #known = new Map<string, Set<string>>();
  readonly #asked = new Set<string>();

  constructor(client: Client, cluster: ProviderContext["cluster"]) {
    this.#client = client;
    this.#cluster = cluster;
  }

  /** The resource group that something new goes to. */
  groupFor(tenant: Tenant): string {
    const group = optionsOf(tenant.options).resourceGroup ?? ownGroup(tenant);
    this.#remember(tenant.clusterId, group);
    return group;
  }

  /**
   * Every resource group that has something of a cluster. Azure is asked by the tag that all things carry, until it knows of
   * any. That index is late at times, so the groups that the cluster file means, or that were used here, are always among them.
   */
  async groupsOf(clusterId: string, signal: AbortSignal): Promise<readonly string[]> {
    if (!this.#asked.has(clusterId)) {
      if (this.#cluster) this.groupFor({ clusterId, clusterName: this.#cluster.name, options: this.#cluster.options });
      for (const id of await this.#tagged(idTag, clusterId, signal)) this.#remember(clusterId, groupIn(id));
      if (this.#known.has(clusterId)) this.#asked.add(clusterId);
    }
    return [...(this.#known.get(clusterId) ?? [])];
  }

  #remember(clusterId: string, group: string | undefined): void {
    if (group === undefined) return;
    const known = this.#known.get(clusterId) ?? new Set<string>();
    if (!hasName(known, group)) known.add(group);
    this.#known.set(clusterId, known);
  }

  /** The ids of the clusters of this name that have something in the subscription. */
  async clustersNamed(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const ids = new Set<string>();
    const schema = z.object({ tags: z.record(z.string(), z.string()).nullish() });
    const groups = new Set((await this.#tagged(nameTag, name, signal)).flatMap((id) => groupIn(id) ?? []));
    for (const group of groups) {
      const about = {
        doing: `list what is in ${group}`,
        action: "Microsoft.Resources/subscriptions/resourceGroups/read",
      };
      const work: Parameters<Client["list"]>[1] = ({ resources }, options) =>
        resources.resources.listByResourceGroup(group, options);
      for (const { tags } of await this.#client.list(schema, work, about, signal))
        if (tags?.[nameTag] === name && tags[idTag] !== undefined) ids.add(tags[idTag]);
    }
    return [...ids];
  }

  async #tagged(tag: string, value: string, signal: AbortSignal): Promise<readonly string[]> {
    const filter = `tagName eq '${tag}' and tagValue eq '${value.replaceAll("'", "''")}'`;
    const about = {
      doing: "look for the cluster's resources",
      action: "Microsoft.Resources/subscriptions/resources/read",
    };
    const all = await this.#client.list(
      resourceSchema,
      ({ resources }, options) => resources.resources.list({ ...options, filter }),
      about,
      signal,
    );
    return all.map(({ id }) => id);
  }
}

/** The name of a cluster's own resource group. */
export function ownGroup(cluster: { readonly clusterId: string; readonly clusterName: string }): string {
  return nameFor(cluster);
}

/** The resource group in an id. */
function groupIn(id: string): string | undefined {
  return /\/resourceGroups\/([^/]+)\/providers\//i.exec(id)?.[1];
}

/** Azure writes a group's name in other cases here and there. */
function hasName(groups: ReadonlySet<string>, name: string): boolean {
  return [...groups].some((group) => group.toLowerCase() === name.toLowerCase());
}
