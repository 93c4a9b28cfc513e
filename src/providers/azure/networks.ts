import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";
import { networkName, ownSubnet, subnetPlace } from "./network-names.ts";
import { optionsOf, rangeOf } from "./options.ts";
import type { Tenant } from "./places.ts";
import { sharedTags } from "./tags.ts";

const subnetSchema = z.object({
  addressPrefix: z.string().nullish(),
  addressPrefixes: z.array(z.string()).nullish(),
});

/** The addresses of the subnet that machines live in; `undefined` where it is not there. */
export async function findSubnet(
  client: Client,
  tenant: Tenant,
  resourceGroup: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const place = subnetPlace(tenant, resourceGroup);
  const about = {
    doing: `look at the subnet ${place.network}/${place.subnet}`,
    action: "Microsoft.Network/virtualNetworks/subnets/read",
  };
  return await client
    .read(
      subnetSchema,
      ({ network }, options) => network.subnets.get(place.resourceGroup, place.network, place.subnet, options),
      about,
      signal,
    )
    .then(
      ({ addressPrefix, addressPrefixes }) => addressPrefix ?? addressPrefixes?.[0],
      (error: unknown) => {
        if (isGone(error)) return undefined;
        throw error;
      },
    );
}

/** Makes the cluster's own network, with its subnet. @throws BeltError `provider.refused` for a subnet of the user's that is not there. */
export async function makeNetwork(
  client: Client,
  tenant: Tenant,
  resourceGroup: string,
  signal: AbortSignal,
): Promise<void> {
  const options = optionsOf(tenant.options);
  if (options.subnet !== undefined) throw noSubnet(options.subnet);
  const name = networkName(tenant);
  const about = { doing: `make the network ${name}`, action: "Microsoft.Network/virtualNetworks/write" };
  const range = rangeOf(options);
  const body = {
    ...{ location: options.location, tags: { ...sharedTags(tenant, options.tags) } },
    addressSpace: { addressPrefixes: [range] },
    subnets: [{ name: ownSubnet, addressPrefix: range }],
  };
  const begun = await client.begin(
    "write",
    ({ network }, inner) => network.virtualNetworks.createOrUpdate(resourceGroup, name, body, inner),
    about,
    signal,
  );
  await begun.end(signal);
}

/** The error for a subnet that the file names and that is not there. */
export function noSubnet(subnet: string): BeltError {
  return new BeltError("provider.refused", `there is no subnet ${subnet}`, {
    hint: "Correct azure.subnet in the cluster file, or leave it out for a network of the cluster's own.",
  });
}
