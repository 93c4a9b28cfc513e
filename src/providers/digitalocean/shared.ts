import type { ProviderSpec, SharedResources } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { ensureFirewalls, inspectFirewalls, removeFirewalls } from "./firewalls.ts";
import { ensureKeys, listOwnKeys, removeKeys } from "./keys.ts";
import { removeTags } from "./tag-calls.ts";
import type { Tenant, Vpcs } from "./vpcs.ts";

/** What a cluster's machines share: a VPC, keys that may log in, and firewalls. Removed last, and only what beltkit made. */
export function openShared({ client }: Cloud, vpcs: Vpcs): SharedResources {
  const keysSeen = new Set<string>();
  return {
    inspect: async (spec, signal) => {
      const parts = await Promise.all([
        ...tenantsOf(spec).map((tenant) => vpcs.inspect(tenant, signal)),
        inspectKeys({ client, seen: keysSeen }, spec, signal),
        inspectFirewalls(client, spec, signal),
      ]);
      return parts.flat();
    },
    ensure: async (spec, signal) => {
      // One after the other: a firewall stands before the first machine is there to be reached.
      for (const tenant of tenantsOf(spec)) await vpcs.ensure(tenant, signal);
      await ensureKeys(client, spec, await spec.authorizedKeys(), signal);
      await ensureFirewalls(client, spec, signal);
    },
    remove: async (clusterId, signal) => {
      await removeFirewalls(client, clusterId, signal);
      await vpcs.remove(clusterId, signal);
      keysSeen.delete(clusterId);
      await removeKeys(client, clusterId, signal);
      await removeTags(client, clusterId, signal);
    },
  };
}

/** The cluster itself, once for each region that its machines are made in. */
function tenantsOf({ clusterId, clusterName, options, requests }: ProviderSpec): readonly Tenant[] {
  const all = (requests.length === 0 ? [{ options }] : requests).map((one) => ({
    clusterId,
    clusterName,
    options: one.options,
  }));
  return [...new Map(all.map((tenant) => [JSON.stringify(placeOf(tenant.options)), tenant])).values()];
}

function placeOf(options: unknown): unknown {
  if (typeof options !== "object" || options === null) return undefined;
  return { ...options, image: undefined };
}

/**
 * Keys are made when something changes; until then only their absence can be told. Of the clusters in `seen` it is known that
 * they have theirs: calls about keys are few a minute, and a command that asks twice is soon kept waiting.
 */
async function inspectKeys(
  { client, seen }: { readonly client: Cloud["client"]; readonly seen: Set<string> },
  { clusterId }: ProviderSpec,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!seen.has(clusterId) && (await listOwnKeys(client, clusterId, signal)).length > 0) seen.add(clusterId);
  return seen.has(clusterId) ? [] : ["add the cluster's SSH key to the account"];
}
