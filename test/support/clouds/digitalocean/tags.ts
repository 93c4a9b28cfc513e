import { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { renderTag } from "./render.ts";
import { noContent, notFound, ok, paged, parsed } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import type { Account } from "./state.ts";

/** Tags. Their names differ by more than case, and a tag that is there already is not made again. */
export const tagRoutes: readonly Route[] = [
  {
    operation: "GET /v2/tags",
    scopes: ["tag:read"],
    answer: ({ tags }, call) =>
      paged(call, "tags", { all: tags.values(), render: (tag) => renderTag(baseOf(call), tag) }),
  },
  {
    operation: "POST /v2/tags",
    scopes: ["tag:create"],
    answer: (account, call) => {
      const { name } = parsed(z.object({ name: z.string() }), call.body);
      if (!isTagName(name)) return badName(name);
      return ok({ tag: renderTag(baseOf(call), ensureTag(account, name)) }, 201);
    },
  },
  {
    operation: "GET /v2/tags/{tag_id}",
    scopes: ["tag:read"],
    answer: (account, call) => ok({ tag: renderTag(baseOf(call), mustFind(account, call)) }),
  },
  {
    operation: "DELETE /v2/tags/{tag_id}",
    scopes: ["tag:delete"],
    answer: (account, call) => {
      const { name } = mustFind(account, call);
      account.tags.delete(name.toLowerCase());
      for (const firewall of account.firewalls.values())
        firewall.tags = firewall.tags.filter((tag) => tag.toLowerCase() !== name.toLowerCase());
      return noContent;
    },
  },
  {
    operation: "POST /v2/tags/{tag_id}/resources",
    scopes: ["tag:create"],
    answer: (account, call) => {
      const { droplets } = mustFind(account, call);
      for (const id of dropletsIn(account, call)) droplets.add(id);
      return noContent;
    },
  },
  {
    operation: "DELETE /v2/tags/{tag_id}/resources",
    scopes: ["tag:delete"],
    answer: (account, call) => {
      const { droplets } = mustFind(account, call);
      for (const id of dropletsIn(account, call)) droplets.delete(id);
      return noContent;
    },
  },
];

/** Whether a tag can be called this. */
export function isTagName(name: string): boolean {
  return /^[a-zA-Z0-9_:-]{1,255}$/.test(name);
}

/** The tag of this name, made if it is not there. */
export function ensureTag(account: Account, name: string) {
  const key = name.toLowerCase();
  const tag = account.tags.get(key) ?? { name, droplets: new Set<number>() };
  account.tags.set(key, tag);
  return tag;
}

const resourcesSchema = z.object({
  resources: z.array(z.object({ resource_id: z.string(), resource_type: z.literal("droplet") })),
});

/** The droplets that a body names. @throws Refusal 404 if one of them is not there. */
function dropletsIn(account: Account, call: Call): readonly number[] {
  const { resources } = parsed(resourcesSchema, call.body);
  const ids = resources.map(({ resource_id }) => Number(resource_id));
  if (ids.some((id) => account.droplets.get(id)?.deleted ?? true)) throw notFound();
  return ids;
}

function mustFind(account: Account, call: Call) {
  const tag = account.tags.get(parameter(call, "tag_id").toLowerCase());
  if (!tag) throw notFound();
  return tag;
}

function baseOf(call: Call): string {
  const { host = "" } = call.headers;
  return `http://${host}`;
}

/** Tags are another service behind the same door, and its errors look different. */
function badName(name: string): Reply {
  const error = `Error validating resource tag: "tag-name \\"${name}\\" contains invalid characters"`;
  return ok({ error, messages: null, root_causes: [`rpc error: code = InvalidArgument desc = ${error}`] }, 400);
}
