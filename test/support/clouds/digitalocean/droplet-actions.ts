import { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { type Size, sizes } from "./catalog.ts";
import { type ActionPlan, beginAction } from "./droplet-life.ts";
import { mustFindDroplet, tagged } from "./droplets.ts";
import { renderAction } from "./render.ts";
import { notFound, ok, paged, parsed, type Refusal, unprocessable } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import type { Account, Action, Droplet } from "./state.ts";

/** Actions: what is done to droplets and takes its time. One at a time on a droplet. */
export const actionRoutes: readonly Route[] = [
  {
    operation: "POST /v2/droplets/{droplet_id}/actions",
    scopes: ["droplet:update"],
    answer: (account, call) => {
      const body = parsed(bodySchema, call.body);
      return ok({ action: renderAction(account, begin(account, mustFindDroplet(account, call), body)) }, 201);
    },
  },
  { operation: "POST /v2/droplets/actions", scopes: ["droplet:update"], answer: beginTagged },
  {
    operation: "GET /v2/droplets/{droplet_id}/actions",
    scopes: ["droplet:read"],
    answer: (account, call) => {
      const { id } = mustFindDroplet(account, call);
      return listActions(account, call, ({ dropletId }) => dropletId === id);
    },
  },
  {
    operation: "GET /v2/droplets/{droplet_id}/actions/{action_id}",
    scopes: ["droplet:read"],
    answer: (account, call) => {
      const action = mustFindAction(account, call);
      if (action.dropletId !== Number(parameter(call, "droplet_id"))) throw notFound();
      return ok({ action: renderAction(account, action) });
    },
  },
  {
    operation: "GET /v2/actions",
    scopes: ["actions:read"],
    answer: (account, call) => listActions(account, call, () => true),
  },
  {
    operation: "GET /v2/actions/{action_id}",
    scopes: ["actions:read"],
    answer: (account, call) => ok({ action: renderAction(account, mustFindAction(account, call)) }),
  },
];

const bodySchema = z.object({
  type: z.enum(["power_on", "power_off", "shutdown", "reboot", "power_cycle", "resize", "rename"]),
  size: z.string().optional(),
  disk: z.boolean().default(false),
  name: z.string().optional(),
});
type Body = z.infer<typeof bodySchema>;

/** @throws Refusal 422 while another action is under way, or when the droplet is not in the state for it. */
function begin(account: Account, droplet: Droplet, body: Body): Action {
  const refusal = refusalOf(droplet, body);
  if (refusal) throw refusal;
  const { type } = body;
  const plan = planOf(account, droplet, body);
  return beginAction(account, droplet, { type, ms: account.timings.actionMs, ...plan });
}

/** All droplets with a tag, or none of them: if one cannot, nothing begins. */
function beginTagged(account: Account, call: Call): Reply {
  const tag = call.query.get("tag_name");
  if (tag === null) throw unprocessable("tag_name is required");
  const body = parsed(
    bodySchema.extend({ type: z.enum(["power_on", "power_off", "shutdown", "power_cycle"]) }),
    call.body,
  );
  const droplets = tagged(account, tag);
  for (const droplet of droplets) {
    const refusal = refusalOf(droplet, body);
    if (refusal) throw refusal;
  }
  const actions = droplets.map((droplet) => renderAction(account, begin(account, droplet, body)));
  return ok({ actions }, 201);
}

function refusalOf(droplet: Droplet, { type, size, name, disk }: Body): Refusal | undefined {
  if (droplet.pending !== undefined || droplet.deleted) return unprocessable("Droplet already has a pending event.");
  const wantsOff = type === "power_on" || type === "resize";
  if (wantsOff && droplet.status !== "off")
    return unprocessable("Droplet is currently on. Please power it off to run this event.");
  if (!wantsOff && type !== "rename" && droplet.status === "off")
    return unprocessable("Droplet is currently off. Please power it on to run this event.");
  if (type === "rename" && name === undefined) return unprocessable("Name can't be blank");
  return type === "resize" ? resizeRefusal(droplet, sizeOf(size), disk) : undefined;
}

function resizeRefusal(droplet: Droplet, size: Size | undefined, disk: boolean): Refusal | undefined {
  if (!size?.available || !size.regions.includes(droplet.region))
    return unprocessable("You specified an invalid size for Droplet resize.");
  if (size.slug === droplet.size.slug) return unprocessable("Droplet is already this size.");
  if (size.disk < droplet.disk) return unprocessable("This size is not available because it has a smaller disk.");
  return disk && size.disk === droplet.disk ? unprocessable("Droplet's disk has this size already.") : undefined;
}

function sizeOf(slug: string | undefined): Size | undefined {
  return sizes.find((size) => size.slug === slug);
}

type Plan = Pick<ActionPlan, "host" | "done">;

function planOf(account: Account, droplet: Droplet, body: Body): Plan {
  const { hosts } = account;
  const id = String(droplet.id);
  const stays = { done: () => {} };
  const off = (how: "orderly" | "plug"): Plan => ({
    host: () => hosts.stop(id, how),
    done: () => {
      droplet.status = "off";
    },
  });
  const again = (how: "orderly" | "plug"): Plan => ({
    ...stays,
    host: async () => {
      await hosts.stop(id, how);
      await hosts.restart(id);
    },
  });
  switch (body.type) {
    case "power_on":
      return {
        host: () => hosts.restart(id),
        done: () => {
          droplet.status = "active";
        },
      };
    case "power_off":
      return off("plug");
    case "shutdown":
      return droplet.fate === "stubborn" ? stays : off("orderly");
    case "reboot":
      return again("orderly");
    case "power_cycle":
      return again("plug");
    case "rename":
      return {
        done: () => {
          droplet.name = body.name ?? droplet.name;
        },
      };
    case "resize":
      return {
        done: () => {
          droplet.size = sizeOf(body.size) ?? droplet.size;
          if (body.disk) droplet.disk = droplet.size.disk;
        },
      };
  }
}

function listActions(account: Account, call: Call, isWanted: (action: Action) => boolean): Reply {
  const all = [...account.actions.values()].filter(isWanted).reverse();
  return paged(call, "actions", { all, render: (action) => renderAction(account, action) });
}

function mustFindAction(account: Account, call: Call): Action {
  const action = account.actions.get(Number(parameter(call, "action_id")));
  if (!action) throw notFound();
  return action;
}
