import { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { renderFirewall } from "./render.ts";
import { noContent, notFound, ok, paged, parsed, Refusal, unprocessable } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import { type Account, type Firewall, nextUuid, type Rule } from "./state.ts";

/** Firewalls, which go with droplets and with tags that are there already. */
export const firewallRoutes: readonly Route[] = [
  {
    operation: "GET /v2/firewalls",
    scopes: ["firewall:read"],
    answer: (account, call) =>
      paged(call, "firewalls", { all: account.firewalls.values(), render: (one) => renderFirewall(account, one) }),
  },
  { operation: "POST /v2/firewalls", scopes: ["firewall:create"], answer: create },
  {
    operation: "GET /v2/firewalls/{firewall_id}",
    scopes: ["firewall:read"],
    answer: (account, call) => ok({ firewall: renderFirewall(account, mustFind(account, call)) }),
  },
  { operation: "PUT /v2/firewalls/{firewall_id}", scopes: ["firewall:update"], answer: replace },
  {
    operation: "DELETE /v2/firewalls/{firewall_id}",
    scopes: ["firewall:delete"],
    answer: (account, call) => {
      account.firewalls.delete(mustFind(account, call).id);
      return noContent;
    },
  },
  ...changes("droplets", z.object({ droplet_ids: z.array(z.number()).min(1) }), (firewall, body, way) => {
    firewall.dropletIds = changed(firewall.dropletIds, body.droplet_ids, way);
  }),
  ...changes("tags", z.object({ tags: z.array(z.string()).min(1) }), (firewall, body, way) => {
    firewall.tags = changed(firewall.tags, body.tags, way);
  }),
  ...changes("rules", rulesSchema(), (firewall, body, way) => {
    firewall.inbound = changed(firewall.inbound, (body.inbound_rules ?? []).map(asShown), way);
    firewall.outbound = changed(firewall.outbound, (body.outbound_rules ?? []).map(asShown), way);
  }),
];

function create(account: Account, call: Call): Reply {
  const wanted = read(account, call);
  if ([...account.firewalls.values()].some(({ name }) => name === wanted.name)) throw duplicateName();
  const firewall = { ...wanted, id: nextUuid(account), createdMs: account.agenda.nowMs() };
  account.firewalls.set(firewall.id, firewall);
  beginWaiting(account, firewall);
  return ok({ firewall: renderFirewall(account, firewall) }, 202);
}

/** The whole of a firewall is replaced: what the body leaves out is gone, tags and droplets too. */
function replace(account: Account, call: Call): Reply {
  const firewall = mustFind(account, call);
  const wanted = read(account, call);
  if ([...account.firewalls.values()].some((other) => other !== firewall && other.name === wanted.name))
    throw duplicateName();
  Object.assign(firewall, wanted);
  beginWaiting(account, firewall);
  return ok({ firewall: renderFirewall(account, firewall) });
}

/** The two operations that add to one part of a firewall and take from it. */
function changes<T extends z.ZodType>(
  part: string,
  schema: T,
  change: (firewall: Firewall, body: z.infer<T>, way: "POST" | "DELETE") => void,
): readonly Route[] {
  return (["POST", "DELETE"] as const).map((way) => ({
    operation: `${way} /v2/firewalls/{firewall_id}/${part}`,
    scopes: ["firewall:update"],
    answer: (account, call) => {
      const firewall = mustFind(account, call);
      const body = parsed(schema, call.body);
      const next = { ...firewall };
      change(next, body, way);
      requireTags(account, next.tags);
      requireDroplets(account, next.dropletIds);
      Object.assign(firewall, next);
      beginWaiting(account, firewall);
      return noContent;
    },
  }));
}

function changed<T>(before: readonly T[], some: readonly T[], way: "POST" | "DELETE"): readonly T[] {
  const isOneOf = (item: T, list: readonly T[]): boolean =>
    list.some((other) => JSON.stringify(other) === JSON.stringify(item));
  const rest = before.filter((item) => !isOneOf(item, some));
  return way === "DELETE" ? rest : [...rest, ...some];
}

function rulesSchema() {
  const peers = z.object({
    addresses: z.array(z.string()).optional(),
    droplet_ids: z.array(z.number()).optional(),
    load_balancer_uids: z.array(z.string()).optional(),
    kubernetes_ids: z.array(z.string()).optional(),
    tags: z.array(z.string()).nullish(),
  });
  const base = {
    protocol: z.enum(["tcp", "udp", "icmp"]),
    ports: z
      .string()
      .regex(/^(all|\d+(-\d+)?)?$/)
      .default("0"),
  };
  return z.object({
    inbound_rules: z.array(z.object({ ...base, sources: peers })).nullish(),
    outbound_rules: z.array(z.object({ ...base, destinations: peers })).nullish(),
  });
}

const firewallSchema = rulesSchema().extend({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]+$/, "invalid name"),
  droplet_ids: z.array(z.number()).nullish(),
  tags: z.array(z.string()).nullish(),
});

function read(account: Account, call: Call): Omit<Firewall, "id" | "createdMs"> {
  const body = parsed(firewallSchema, call.body);
  const [inbound, outbound] = [body.inbound_rules ?? [], body.outbound_rules ?? []];
  if (inbound.length + outbound.length === 0) throw unprocessable("must specify at least one inbound or outbound rule");
  const [dropletIds, tags] = [body.droplet_ids ?? [], body.tags ?? []];
  requireDroplets(account, dropletIds);
  const inside = [...inbound.map(({ sources }) => sources), ...outbound.map(({ destinations }) => destinations)];
  requireTags(account, [...tags, ...inside.flatMap((peers) => peers.tags ?? [])]);
  const shown = { inbound: inbound.map(asShown), outbound: outbound.map(asShown) };
  return { name: body.name, status: "waiting", ...shown, dropletIds, tags };
}

/** All ports of a protocol are written 0 in every reply, however they were asked for. */
function asShown<T extends Rule>(rule: T): T {
  const isAll = rule.protocol === "icmp" || rule.ports === "all" || rule.ports === "" || rule.ports === "1-65535";
  return isAll ? { ...rule, ports: "0" } : rule;
}

function beginWaiting(account: Account, firewall: Firewall): void {
  firewall.status = "waiting";
  account.agenda.after(account.timings.firewallMs, () => {
    firewall.status = "succeeded";
  });
}

function requireTags(account: Account, tags: readonly string[]): void {
  const missing = tags.filter((tag) => !account.tags.has(tag.toLowerCase()));
  if (missing.length > 0) throw unprocessable(`tags do not exist: ${missing.join(", ")}`);
}

function requireDroplets(account: Account, ids: readonly number[]): void {
  const missing = ids.filter((id) => !account.droplets.has(id));
  if (missing.length > 0) throw unprocessable(`droplets do not exist: ${missing.join(", ")}`);
}

function duplicateName(): Refusal {
  return new Refusal(409, "conflict", "duplicate name");
}

function mustFind(account: Account, call: Call): Firewall {
  const firewall = account.firewalls.get(parameter(call, "firewall_id"));
  if (!firewall) throw notFound();
  return firewall;
}
