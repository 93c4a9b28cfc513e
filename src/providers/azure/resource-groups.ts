import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";
import { optionsOf } from "./options.ts";
import type { Tenant } from "./places.ts";
import { idTag, sharedTags } from "./tags.ts";

const groupSchema = z.object({
  name: z.string(),
  location: z.string(),
  tags: z.record(z.string(), z.string()).nullish(),
});

/** A resource group. */
export type ResourceGroup = z.infer<typeof groupSchema>;

const resourceSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  tags: z.record(z.string(), z.string()).nullish(),
});

/** Something in a resource group. */
export type Resource = z.infer<typeof resourceSchema>;

const groups = "Microsoft.Resources/subscriptions/resourceGroups";

/** A resource group, or `undefined` if there is none of this name. */
export async function findGroup(client: Client, name: string, signal: AbortSignal): Promise<ResourceGroup | undefined> {
  const about = { doing: `look at the resource group ${name}`, action: `${groups}/read` };
  return await client
    .read(groupSchema, ({ resources }, options) => resources.resourceGroups.get(name, options), about, signal)
    .catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    });
}

/** Makes the resource group of a cluster's own; one that is there stays as it is. */
export async function makeGroup(client: Client, tenant: Tenant, name: string, signal: AbortSignal): Promise<void> {
  const { location, tags, resourceGroup } = optionsOf(tenant.options);
  if (resourceGroup !== undefined) throw noGroup(resourceGroup);
  const about = { doing: `make the resource group ${name}`, action: `${groups}/write` };
  const body = { location, tags: { ...sharedTags(tenant, tags) } };
  await client.write(
    ({ resources }, options) => resources.resourceGroups.createOrUpdate(name, body, options),
    about,
    signal,
  );
}

/** Everything in a resource group; nothing where it is not there. */
export async function listResources(client: Client, group: string, signal: AbortSignal): Promise<readonly Resource[]> {
  const about = {
    doing: `list what is in ${group}`,
    action: "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
  };
  return await client
    .list(
      resourceSchema,
      ({ resources }, options) => resources.resources.listByResourceGroup(group, options),
      about,
      signal,
    )
    .catch((error: unknown) => {
      if (isGone(error)) return [];
      throw error;
    });
}

/** Removes a resource group with all that is in it, and waits until it is gone. */
export async function removeGroup(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const about = { doing: `remove the resource group ${name}`, action: `${groups}/delete` };
  try {
    const begun = await client.begin(
      "delete",
      ({ resources }, options) => resources.resourceGroups.delete(name, options),
      about,
      signal,
    );
    await begun.end(signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Whether beltkit made a resource group, for this cluster. */
export function isOwn({ tags }: ResourceGroup, clusterId: string): boolean {
  return tags?.[idTag] === clusterId;
}

/** The error for a resource group of the user's that is not there. */
export function noGroup(name: string): BeltError {
  return new BeltError("provider.refused", `there is no resource group ${name}`, {
    hint: `Make it: az group create --name ${name} --location … — or leave azure.resourceGroup out for one of the cluster's own.`,
  });
}
