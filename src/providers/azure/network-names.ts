import { nameFor } from "../cloud/names.ts";
import { optionsOf } from "./options.ts";
import type { Tenant } from "./places.ts";

/** Where a subnet is. */
export interface SubnetPlace {
  readonly resourceGroup: string;
  readonly network: string;
  readonly subnet: string;
}

/** The name of the subnet in a network of the cluster's own. */
export const ownSubnet = "machines";

/** The name of a cluster's own network. */
export function networkName(tenant: Tenant): string {
  return nameFor(tenant, "net");
}

/** The name of the security group around the machines of a group. */
export function securityGroupName(tenant: Tenant, group: string): string {
  return nameFor(tenant, group);
}

/** The subnet that machines live in; `resourceGroup` is the one of the machines. */
export function subnetPlace(tenant: Tenant, resourceGroup: string): SubnetPlace {
  const { subnet } = optionsOf(tenant.options);
  if (subnet === undefined) return { resourceGroup, network: networkName(tenant), subnet: ownSubnet };
  const parts = /\/resourceGroups\/([^/]+)\/.*\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i.exec(subnet)?.slice(1);
  const [first = "", second = "", third] = parts ?? subnet.split("/");
  return third === undefined
    ? { resourceGroup, network: first, subnet: second }
    : { resourceGroup: first, network: second, subnet: third };
}

/** The id of a subnet. */
export function subnetId(subscription: string, { resourceGroup, network, subnet }: SubnetPlace): string {
  return `${idIn(subscription, resourceGroup)}/virtualNetworks/${network}/subnets/${subnet}`;
}

/** The id of something of Microsoft.Network, such as `networkInterfaces/node1-nic`. */
export function networkId(subscription: string, resourceGroup: string, path: string): string {
  return `${idIn(subscription, resourceGroup)}/${path}`;
}

function idIn(subscription: string, resourceGroup: string): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Network`;
}
