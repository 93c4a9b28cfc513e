import { z } from "zod";
import { compressNames } from "../../util/ranges.ts";
import type { Client } from "./client.ts";
import { isGone } from "./fault.ts";

const network = z.object({ ip_address: z.string(), type: z.string() });

const dropletSchema = z.object({
  id: z.int(),
  name: z.string(),
  status: z.enum(["new", "active", "off", "archive"]),
  created_at: z.string(),
  size_slug: z.string(),
  region: z.object({ slug: z.string() }),
  networks: z.object({ v4: z.array(network).nullish() }).nullish(),
  tags: z.array(z.string()).nullish(),
});

/** A droplet, as far as the API's reply is used. */
export type Droplet = z.infer<typeof dropletSchema>;

/** What one call makes: up to ten droplets that differ in their names alone, in the API's words. */
export interface DropletOrder {
  readonly names: readonly string[];
  readonly region: string;
  readonly size: string;
  readonly image: string | number;
  /** Fingerprints of keys of the account. */
  readonly ssh_keys: readonly string[];
  readonly tags: readonly string[];
  readonly user_data: string;
  readonly vpc_uuid: string;
  readonly public_networking: boolean;
  readonly monitoring: boolean;
}

/** As many names as one call takes. */
export const mostNames = 10;

/** All droplets with a tag, those first that were made first: one call for each 200 of them. */
export async function listDroplets(client: Client, tag: string, signal: AbortSignal): Promise<readonly Droplet[]> {
  const listing = { path: "/droplets", query: { tag_name: tag }, key: "droplets", item: dropletSchema };
  const droplets = await client.list(listing, { doing: "list droplets", scope: "droplet:read" }, signal);
  return droplets.toSorted((a, b) => a.id - b.id);
}

/** One droplet, or `undefined` if there is none of this id. */
export async function findDroplet(client: Client, id: string, signal: AbortSignal): Promise<Droplet | undefined> {
  const about = { doing: `look at droplet ${id}`, scope: "droplet:read" };
  const schema = z.object({ droplet: dropletSchema });
  return await client.read(`/droplets/${id}`, schema, about, signal).then(({ droplet }) => droplet, unlessGone);
}

/** Orders droplets; they are accepted all or none, and boot later. There is no token that makes the same call twice the same. */
export async function orderDroplets(
  client: Client,
  order: DropletOrder,
  signal: AbortSignal,
): Promise<readonly Droplet[]> {
  const { names, ssh_keys, tags, ...rest } = order;
  const what = `${compressNames(names)} (${order.size}, ${order.image}, ${order.region})`;
  const about = { doing: `make ${what}`, scope: "droplet:create" };
  const body = { ...rest, names: [...names], ssh_keys: [...ssh_keys], tags: [...tags] };
  return await client.change(z.array(dropletSchema), (sdk) => sdk.droplets.createMultipleDroplets(body), about, signal);
}

/** Deletes one droplet; gone already is deleted. */
export async function deleteDroplet(client: Client, id: string, signal: AbortSignal): Promise<void> {
  const about = { doing: `delete droplet ${id}`, scope: "droplet:delete" };
  await client.change(z.unknown(), (sdk) => sdk.droplets.deleteDroplet(Number(id)), about, signal).catch(unlessGone);
}

/** Deletes every droplet with a tag, in one call. */
export async function deleteDropletsByTag(client: Client, tag: string, signal: AbortSignal): Promise<void> {
  const about = { doing: "delete the cluster's droplets", scope: "droplet:delete" };
  await client.change(z.unknown(), (sdk) => sdk.droplets.deleteDropletsByTag(tag), about, signal).catch(unlessGone);
}

function unlessGone(error: unknown): undefined {
  if (isGone(error)) return undefined;
  throw error;
}
