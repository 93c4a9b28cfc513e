import type { Call, Reply } from "../call.ts";
import { createDroplets } from "./create-droplets.ts";
import { deleteDroplet } from "./droplet-life.ts";
import { renderDroplet, renderFirewall, tagsOf } from "./render.ts";
import { noContent, notFound, ok, paged, unprocessable } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import type { Account, Droplet } from "./state.ts";

/** Droplets. */
export const dropletRoutes: readonly Route[] = [
  { operation: "GET /v2/droplets", scopes: ["droplet:read"], answer: list },
  { operation: "POST /v2/droplets", scopes: ["droplet:create"], answer: createDroplets },
  {
    operation: "DELETE /v2/droplets",
    scopes: ["droplet:delete"],
    answer: (account, call) => {
      const tag = call.query.get("tag_name");
      if (tag === null || tag === "") throw unprocessable("tag_name is required");
      if (!account.tags.has(tag.toLowerCase())) throw notFound();
      for (const droplet of tagged(account, tag)) deleteDroplet(account, droplet);
      return noContent;
    },
  },
  {
    operation: "GET /v2/droplets/{droplet_id}",
    scopes: ["droplet:read"],
    answer: (account, call) => ok({ droplet: renderDroplet(account, mustFindDroplet(account, call)) }),
  },
  {
    operation: "DELETE /v2/droplets/{droplet_id}",
    scopes: ["droplet:delete"],
    answer: (account, call) => {
      const droplet = mustFindDroplet(account, call);
      if (droplet.deleted) throw notFound();
      deleteDroplet(account, droplet);
      return noContent;
    },
  },
  {
    operation: "GET /v2/droplets/{droplet_id}/firewalls",
    scopes: ["firewall:read"],
    answer: (account, call) => {
      const { id } = mustFindDroplet(account, call);
      const tags = tagsOf(account, id);
      const own = [...account.firewalls.values()].filter(
        (firewall) => firewall.dropletIds.includes(id) || firewall.tags.some((tag) => tags.includes(tag)),
      );
      return paged(call, "firewalls", { all: own, render: (firewall) => renderFirewall(account, firewall) });
    },
  },
];

/** The droplets that wear a tag. */
export function tagged(account: Account, tag: string): readonly Droplet[] {
  const ids = account.tags.get(tag.toLowerCase())?.droplets ?? new Set();
  return [...account.droplets.values()].filter(({ id }) => ids.has(id));
}

/** The droplet that the path names. @throws Refusal 404. */
export function mustFindDroplet(account: Account, call: Call): Droplet {
  const droplet = account.droplets.get(Number(parameter(call, "droplet_id")));
  if (!droplet || account.agenda.nowMs() >= droplet.unlistedMs) throw notFound();
  return droplet;
}

/** All droplets, those with a tag, or those of a name; one filter at a time. A new one may take a while to be seen here. */
function list(account: Account, call: Call): Reply {
  const [tag, name] = [call.query.get("tag_name"), call.query.get("name")];
  if (tag !== null && name !== null) throw unprocessable("tag_name can not be combined with name");
  const all = tag === null ? [...account.droplets.values()] : tagged(account, tag);
  const seen = all.filter(
    (droplet) =>
      account.agenda.nowMs() >= droplet.listedMs &&
      account.agenda.nowMs() < droplet.unlistedMs &&
      (name === null || droplet.name.toLowerCase() === name.toLowerCase()),
  );
  return paged(call, "droplets", { all: seen, render: (droplet) => renderDroplet(account, droplet) });
}
