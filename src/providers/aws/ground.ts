import { BeltError } from "../../util/errors.ts";
import type { ProviderSpec, SharedResources } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { ensureKey, listOwnKeys, removeKeys } from "./keys.ts";
import { Networks, type Tenant } from "./networks.ts";
import {
  ensureSecurityGroups,
  inspectSecurityGroups,
  removeSecurityGroups,
  securityGroupNames,
  securityGroupsOf,
} from "./security-groups.ts";

/** What a cluster's machines share: a network, a key that may log in, security groups. Removed last, and only what beltkit made. */
export class SharedGround implements SharedResources {
  readonly networks: Networks;
  readonly #cloud: Cloud;
  readonly #groups = new Map<string, ReadonlyMap<string, string>>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    this.networks = new Networks(cloud.client, cloud.catalog, cloud.clock);
  }

  async inspect(spec: ProviderSpec, signal: AbortSignal): Promise<readonly string[]> {
    const { client } = this.#cloud;
    const zones = await this.#zonesOf(spec, signal);
    const parts = await Promise.all([
      this.networks.inspect(tenantOf(spec), zones, signal),
      // The key itself is made when something changes; until then only its absence can be told.
      listOwnKeys(client, spec.clusterId, signal).then((keys) =>
        keys.length > 0 ? [] : ["add the cluster's SSH key to the region"],
      ),
      inspectSecurityGroups(client, spec, signal),
    ]);
    return parts.flat();
  }

  async ensure(spec: ProviderSpec, signal: AbortSignal): Promise<void> {
    const [line] = await spec.authorizedKeys();
    if (line === undefined) throw new BeltError("internal", "a cluster without a key of its own");
    const zones = await this.#zonesOf(spec, signal);
    await Promise.all([
      ensureKey(this.#cloud.client, spec, line, signal),
      // Security groups stand before the first machine is there to be reached.
      this.networks.ensure(tenantOf(spec), zones, signal).then(async ({ vpcId }) => {
        this.#groups.set(spec.clusterId, await ensureSecurityGroups(this.#cloud, { spec, vpcId }, signal));
      }),
    ]);
  }

  async remove(clusterId: string, signal: AbortSignal): Promise<void> {
    this.#groups.delete(clusterId);
    await Promise.all([
      removeKeys(this.#cloud.client, clusterId, signal),
      removeSecurityGroups(this.#cloud, clusterId, signal).then(() => this.networks.remove(clusterId, signal)),
    ]);
  }

  /** The ids of the security groups that the machines of a group wear. @throws BeltError `provider.refused` if there is none. */
  async groupsFor(tenant: Tenant, group: string, signal: AbortSignal): Promise<readonly string[]> {
    const { clusterId } = tenant;
    const known = this.#groups.get(clusterId) ?? (await securityGroupsOf(this.#cloud.client, clusterId, signal));
    const ids = securityGroupNames(tenant, group).flatMap((name) => known.get(name) ?? []);
    if (ids.length > 0) {
      this.#groups.set(clusterId, known);
      return ids;
    }
    throw new BeltError("provider.refused", `the security group of the cluster ${tenant.clusterName} is not there`, {
      hint: "It was removed while machines were being created. Run the same command again to recreate it.",
    });
  }

  /** The zones that machines which are to be made may be in; none where none is to be made. */
  async #zonesOf(spec: ProviderSpec, signal: AbortSignal): Promise<readonly string[]> {
    const { clusterId, clusterName } = spec;
    const blocks = new Map(spec.requests.map(({ options }) => [JSON.stringify(options), options]));
    const all = await Promise.all(
      [...blocks.values()].map((options) => this.networks.zonesFor({ clusterId, clusterName, options }, signal)),
    );
    return [...new Set(all.flat())].sort();
  }
}

/** The cluster itself. Its network is that of the file's block: a group cannot have another. */
function tenantOf({ clusterId, clusterName, options, requests }: ProviderSpec): Tenant {
  return { clusterId, clusterName, options: requests[0]?.options ?? options };
}
