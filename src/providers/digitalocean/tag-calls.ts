import { z } from "zod";
import { faultOf } from "../cloud/fault.ts";
import type { Client } from "./client.ts";
import { isGone } from "./fault.ts";
import { isTagOf } from "./tags.ts";

const tagSchema = z.object({
  name: z.string(),
  resources: z.object({ droplets: z.object({ count: z.int() }).nullish() }).nullish(),
});

/** A tag of the account, and how many droplets have it; `undefined` where the API does not say. */
export interface AccountTag {
  readonly name: string;
  readonly droplets: number | undefined;
}

/** All tags of the account. */
export async function listTags(client: Client, signal: AbortSignal): Promise<readonly AccountTag[]> {
  const about = { doing: "list the account's tags", scope: "tag:read" };
  const tags = await client.list({ path: "/tags", key: "tags", item: tagSchema }, about, signal);
  return tags.map(({ name, resources }) => ({ name, droplets: resources?.droplets?.count }));
}

/** Makes a tag; one that is there already is not made again, so that a call whose reply was lost may be repeated. */
export async function ensureTag(client: Client, name: string, signal: AbortSignal): Promise<void> {
  const about = { doing: `make the tag ${name}`, scope: "tag:create" };
  const post = () => client.change(z.unknown(), (sdk) => sdk.tags.createTag(name), about, signal);
  await post().catch((error: unknown) => {
    signal.throwIfAborted();
    if (faultOf(error)?.kind === "answer") throw error;
    return post();
  });
}

/** Removes every tag of a cluster. */
export async function removeTags(client: Client, clusterId: string, signal: AbortSignal): Promise<void> {
  for (const { name } of await listTags(client, signal)) {
    if (!isTagOf(clusterId, name)) continue;
    const about = { doing: `remove the tag ${name}`, scope: "tag:delete" };
    await client
      .change(z.unknown(), (sdk) => sdk.tags.deleteTag(name), about, signal)
      .catch((error: unknown) => {
        if (!isGone(error)) throw error;
      });
  }
}
