import { z } from "zod";
import type { Client } from "./client.ts";
import { isGone } from "./fault.ts";
import { imageSlug } from "./images.ts";

const sizeSchema = z.object({
  slug: z.string(),
  disk: z.number(),
  price_hourly: z.number(),
  regions: z.array(z.string()),
  available: z.boolean(),
});

const regionSchema = z.object({ slug: z.string(), name: z.string(), available: z.boolean() });

const imageSchema = z.object({
  regions: z.array(z.string()),
  min_disk_size: z.number().nullish(),
  status: z.string().nullish(),
});

const accountSchema = z.object({
  account: z.object({ droplet_limit: z.int(), status: z.string(), status_message: z.string().nullish() }),
});

/** A size that is sold. Disk in GiB, price in US dollars. */
export type Size = z.infer<typeof sizeSchema>;
/** A place where droplets are. */
export type Region = z.infer<typeof regionSchema>;
/** An image; the least disk that it wants is in GiB. */
export type Image = z.infer<typeof imageSchema>;
/** What the account may do. */
export type Account = z.infer<typeof accountSchema>["account"];

/** All sizes. */
export async function listSizes(client: Client, signal: AbortSignal): Promise<readonly Size[]> {
  const about = { doing: "list the sizes", scope: "sizes:read" };
  return await client.list({ path: "/sizes", key: "sizes", item: sizeSchema }, about, signal);
}

/** All regions. */
export async function listRegions(client: Client, signal: AbortSignal): Promise<readonly Region[]> {
  const about = { doing: "list the regions", scope: "regions:read" };
  return await client.list({ path: "/regions", key: "regions", item: regionSchema }, about, signal);
}

/** An image by its slug or id; `undefined` if there is none. */
export async function findImage(client: Client, image: string, signal: AbortSignal): Promise<Image | undefined> {
  const about = { doing: `look at the image ${image}`, scope: "image:read" };
  const schema = z.object({ image: imageSchema });
  const path = `/images/${encodeURIComponent(imageSlug(image))}`;
  return await client.read(path, schema, about, signal).then(
    (reply) => reply.image,
    (error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    },
  );
}

/** The account that the token is for. */
export async function readAccount(client: Client, signal: AbortSignal): Promise<Account> {
  const about = { doing: "look at the account", scope: "account:read" };
  return (await client.read("/account", accountSchema, about, signal)).account;
}

/** How many droplets the account has. */
export async function countDroplets(client: Client, signal: AbortSignal): Promise<number> {
  const call = { method: "GET", path: "/droplets", query: { per_page: 1 } } as const;
  const schema = z.object({ meta: z.object({ total: z.int() }) });
  return (await client.send(call, schema, { doing: "count droplets", scope: "droplet:read" }, signal)).meta.total;
}
