import { z } from "zod";
import { overlaps, parseSubnet } from "../../../../src/providers/local/subnet.ts";
import type { Call, Reply } from "../call.ts";
import { regions } from "./catalog.ts";
import { renderVpc } from "./render.ts";
import { noContent, notFound, ok, paged, parsed, Refusal, unprocessable } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import { type Account, nextUuid, timestamp, type Vpc } from "./state.ts";

/** Private networks. One that has members stays. */
export const vpcRoutes: readonly Route[] = [
  {
    operation: "GET /v2/vpcs",
    scopes: ["vpc:read"],
    answer: (account, call) =>
      paged(call, "vpcs", { all: account.vpcs.values(), render: (vpc) => renderVpc(account, vpc) }),
  },
  { operation: "POST /v2/vpcs", scopes: ["vpc:create"], answer: create },
  {
    operation: "GET /v2/vpcs/{vpc_id}",
    scopes: ["vpc:read"],
    answer: (account, call) => ok({ vpc: renderVpc(account, mustFind(account, call)) }),
  },
  { operation: "PUT /v2/vpcs/{vpc_id}", scopes: ["vpc:update"], answer: update },
  { operation: "PATCH /v2/vpcs/{vpc_id}", scopes: ["vpc:update"], answer: update },
  { operation: "DELETE /v2/vpcs/{vpc_id}", scopes: ["vpc:delete"], answer: remove },
  {
    operation: "GET /v2/vpcs/{vpc_id}/members",
    scopes: ["vpc:read"],
    answer: (account, call) => {
      const type = call.query.get("resource_type") ?? "droplet";
      const members = type === "droplet" ? membersOf(account, mustFind(account, call)) : [];
      return paged(call, "members", {
        all: members,
        render: ({ id, name, createdMs }) => ({
          ...{ urn: `do:droplet:${id}`, name, created_at: timestamp(account, createdMs) },
        }),
      });
    },
  },
];

/** The network that droplets of a region live in when they name none; made with the first of them. */
export function defaultVpc(account: Account, region: string): Vpc {
  const known = [...account.vpcs.values()].find((vpc) => vpc.isDefault && vpc.region === region);
  return known ?? add(account, { name: `default-${region}`, description: "", region, isDefault: true });
}

const createSchema = z.object({
  name: z.string().regex(/^[a-zA-Z0-9.-]+$/),
  description: z.string().max(255).default(""),
  region: z.string(),
  ip_range: z.string().optional(),
});

function create(account: Account, call: Call): Reply {
  const { ip_range: range, ...vpc } = parsed(createSchema, call.body);
  if (!regions.some(({ slug, available }) => available && slug === vpc.region))
    throw unprocessable("region is invalid");
  requireFreeName(account, vpc.name);
  if (range !== undefined) requireFreeRange(account, range);
  return ok({ vpc: renderVpc(account, add(account, { ...vpc, range, isDefault: false })) }, 201);
}

function update(account: Account, call: Call): Reply {
  const vpc = mustFind(account, call);
  const { name = vpc.name, description = vpc.description } = parsed(
    createSchema.pick({ name: true, description: true }).partial(),
    call.body,
  );
  if (name !== vpc.name) requireFreeName(account, name);
  Object.assign(vpc, { name, description });
  return ok({ vpc: renderVpc(account, vpc) });
}

function remove(account: Account, call: Call): Reply {
  const vpc = mustFind(account, call);
  if (vpc.isDefault) throw new Refusal(403, "forbidden", "Can not delete default VPCs");
  if (membersOf(account, vpc).length > 0) throw new Refusal(403, "forbidden", "Can not delete VPC with members");
  account.vpcs.delete(vpc.id);
  return noContent;
}

type Wanted = Pick<Vpc, "name" | "description" | "region" | "isDefault"> & { readonly range?: string | undefined };

function add(account: Account, { range, ...vpc }: Wanted): Vpc {
  const made = {
    ...{ ...vpc, id: nextUuid(account), createdMs: account.agenda.nowMs() },
    range: range ?? account.rangeOf(account.counters.range++),
  };
  account.vpcs.set(made.id, made);
  return made;
}

function requireFreeName(account: Account, name: string): void {
  if ([...account.vpcs.values()].some((vpc) => vpc.name === name))
    throw unprocessable("a VPC with this name already exists");
}

function requireFreeRange(account: Account, range: string): void {
  const subnet = parseSubnet(range);
  const isPrivate = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(range);
  if (!subnet || !isPrivate || subnet.prefix < 16 || subnet.prefix > 28)
    throw unprocessable("ip_range must be a private network with a prefix from /16 to /28");
  for (const { id, range: other } of account.vpcs.values()) {
    const taken = parseSubnet(other);
    if (taken && overlaps(taken, subnet))
      throw unprocessable(`This range/size overlaps with another VPC network in your account: ${id}`);
  }
}

function membersOf(account: Account, { id }: Vpc) {
  return [...account.droplets.values()].filter(({ vpcId }) => vpcId === id);
}

function mustFind(account: Account, call: Call): Vpc {
  const vpc = account.vpcs.get(parameter(call, "vpc_id"));
  if (!vpc) throw notFound();
  return vpc;
}
