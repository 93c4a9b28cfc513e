import { z } from "zod";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";
import { networkId } from "./network-names.ts";
import { optionsOf } from "./options.ts";
import { type Order, partNames, securityGroupId, subnetOf, tagsOf } from "./order.ts";

/** Makes a machine's public address and interface by themselves, for where Azure does not take them with the machine. */
export async function makeInterface(client: Client, order: Order, signal: AbortSignal): Promise<void> {
  const { request, candidate, resourceGroup, subscription } = order;
  const { location, publicAddress } = optionsOf(request.options);
  const { nic, ip } = partNames(request.name);
  const tags = tagsOf(order);
  const zones = candidate.zone === undefined ? {} : { zones: [candidate.zone] };
  if (publicAddress) {
    const about = { doing: `make the address of ${request.name}`, action: "Microsoft.Network/publicIPAddresses/write" };
    const body = { location, tags, ...zones, sku: { name: "Standard" }, publicIPAllocationMethod: "Static" };
    const begun = await client.begin(
      "write",
      ({ network }, options) => network.publicIPAddresses.createOrUpdate(resourceGroup, ip, body, options),
      about,
      signal,
    );
    await begun.end(signal);
  }
  const about = { doing: `make the interface of ${request.name}`, action: "Microsoft.Network/networkInterfaces/write" };
  const publicId = networkId(subscription, resourceGroup, `publicIPAddresses/${ip}`);
  const address = publicAddress ? { publicIPAddress: { id: publicId, deleteOption: "Delete" } } : {};
  const body = {
    ...{ location, tags, networkSecurityGroup: { id: securityGroupId(order) } },
    ipConfigurations: [{ name: "primary", primary: true, subnet: { id: subnetOf(order) }, ...address }],
  };
  const begun = await client.begin(
    "write",
    ({ network }, options) => network.networkInterfaces.createOrUpdate(resourceGroup, nic, body, options),
    about,
    signal,
  );
  await begun.end(signal);
}

/** Takes away what a machine that was not made leaves behind. */
export async function removeInterface(
  client: Client,
  { resourceGroup, name }: { readonly resourceGroup: string; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const { nic, ip } = partNames(name);
  await removeNetworkPart(client, { resourceGroup, kind: "networkInterfaces", name: nic }, signal);
  await removeNetworkPart(client, { resourceGroup, kind: "publicIPAddresses", name: ip }, signal);
}

/** A part of Microsoft.Network that beltkit makes. */
export interface NetworkPart {
  readonly resourceGroup: string;
  readonly kind: z.infer<typeof kinds>;
  readonly name: string;
}

const kinds = z.enum(["networkInterfaces", "publicIPAddresses", "networkSecurityGroups", "virtualNetworks"]);

/** The kind of a part in a resource's type, if it is one of them. */
export function partKind(type: string): NetworkPart["kind"] | undefined {
  return kinds.options.find((kind) => type.toLowerCase() === `microsoft.network/${kind}`.toLowerCase());
}

/** Removes a part and waits until it is gone; gone already is removed. */
export async function removeNetworkPart(client: Client, part: NetworkPart, signal: AbortSignal): Promise<void> {
  const { resourceGroup, kind, name } = part;
  const about = { doing: `remove ${name}`, action: `Microsoft.Network/${kind}/delete` };
  try {
    const begun = await client.begin(
      "delete",
      ({ network }, options) => network[kind].delete(resourceGroup, name, options),
      about,
      signal,
    );
    await begun.end(signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
