import { BeltError } from "../../util/errors.ts";
import type { ProviderSpec, SharedResources } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { partKind, removeNetworkPart } from "./interfaces.ts";
import { findSubnet, makeNetwork, noSubnet } from "./networks.ts";
import { optionsOf, rangeOf } from "./options.ts";
import type { Tenant } from "./places.ts";
import { findGroup, isOwn, listResources, makeGroup, type Resource, removeGroup } from "./resource-groups.ts";
import { ensureSecurityGroups, inspectSecurityGroups } from "./security-groups.ts";
import { idTag } from "./tags.ts";

/**
 * What a cluster's machines share: a resource group, a network and security groups. Removed last, and only what beltkit made: a
 * resource group of its own goes with all that is in it, in one of the user's each part by itself.
 */
export function openShared(cloud: Cloud): SharedResources {
  return {
    inspect: (spec, signal) => inspect(cloud, spec, signal),
    ensure: (spec, signal) => ensure(cloud, spec, signal),
    remove: async (clusterId, signal) => {
      for (const group of await cloud.places.groupsOf(clusterId, signal))
        await removeFrom(cloud, clusterId, group, signal);
    },
  };
}

async function inspect(cloud: Cloud, spec: ProviderSpec, signal: AbortSignal): Promise<readonly string[]> {
  const { client, places } = cloud;
  const tenant = tenantOf(spec);
  const { resourceGroup: theirs, location, subnet } = optionsOf(tenant.options);
  const resourceGroup = places.groupFor(tenant);
  const group = await findGroup(client, resourceGroup, signal);
  const range = group && (await findSubnet(client, tenant, resourceGroup, signal));
  const ground = group && { resourceGroup, subnetRange: range ?? rangeOf(optionsOf(tenant.options)) };
  return [
    ...(group || theirs ? [] : [`make the resource group ${resourceGroup} in ${location}`]),
    ...(range !== undefined || subnet ? [] : [`make a private network with ${rangeOf(optionsOf(tenant.options))}`]),
    ...(await inspectSecurityGroups(client, withOptions(spec, tenant), ground, signal)),
  ];
}

async function ensure(cloud: Cloud, spec: ProviderSpec, signal: AbortSignal): Promise<void> {
  const { client, places } = cloud;
  const tenant = tenantOf(spec);
  const options = optionsOf(tenant.options);
  const resourceGroup = places.groupFor(tenant);
  const group = await findGroup(client, resourceGroup, signal);
  if (!group) await makeGroup(client, tenant, resourceGroup, signal);
  const isElsewhere = options.subnet !== undefined;
  const found = group || isElsewhere ? await findSubnet(client, tenant, resourceGroup, signal) : undefined;
  if (found === undefined && isElsewhere) throw noSubnet(options.subnet ?? "");
  const ground = { resourceGroup, subnetRange: found ?? rangeOf(options) };
  // Neither needs the other: machines need both.
  await Promise.all([
    found === undefined ? makeNetwork(client, tenant, resourceGroup, signal) : undefined,
    ensureSecurityGroups(client, withOptions(spec, tenant), ground, signal),
  ]);
}

/** The cluster itself; machines differ in their image at most. */
function tenantOf({ clusterId, clusterName, options, requests }: ProviderSpec): Tenant {
  return { clusterId, clusterName, options: requests[0]?.options ?? options };
}

function withOptions(spec: ProviderSpec, { options }: Tenant): ProviderSpec {
  return { ...spec, options };
}

async function removeFrom({ client }: Cloud, clusterId: string, name: string, signal: AbortSignal): Promise<void> {
  const group = await findGroup(client, name, signal);
  if (!group) return;
  const inside = await listResources(client, name, signal);
  if (isOwn(group, clusterId)) {
    const others = inside.filter((one) => !isOurs(one, clusterId));
    if (others.length > 0) throw notOnlyOurs(name, others);
    await removeGroup(client, name, signal);
    return;
  }
  const ours = inside.flatMap((one) => {
    const kind = partKind(one.type);
    return kind !== undefined && one.tags?.[idTag] === clusterId ? [{ resourceGroup: name, kind, name: one.name }] : [];
  });
  // Interfaces first: what they are in cannot go before them.
  for (const part of ours.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)))
    await removeNetworkPart(client, part, signal);
}

const order: readonly string[] = ["networkInterfaces", "publicIPAddresses", "networkSecurityGroups", "virtualNetworks"];

/** Disks of machines do not get their tags; they have their names. */
function isOurs({ type, tags }: Resource, clusterId: string): boolean {
  return tags?.[idTag] === clusterId || type.toLowerCase() === "microsoft.compute/disks";
}

function notOnlyOurs(name: string, others: readonly Resource[]): BeltError {
  const names = others.slice(0, 3).map((one) => one.name);
  const more = others.length > names.length ? ` and ${others.length - names.length} more` : "";
  return new BeltError(
    "guard.removal",
    `the resource group ${name} holds what beltkit did not make: ${names.join(", ")}${more}`,
    {
      hint: `Move it elsewhere, or remove it, and run the same command again: az resource list --resource-group ${name} -o table`,
    },
  );
}
