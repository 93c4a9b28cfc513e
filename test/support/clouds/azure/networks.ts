import { z } from "zod";
import { overlaps, parseSubnet } from "../../../../src/providers/local/subnet.ts";
import type { Call, Reply } from "../call.ts";
import { mustFindGroup } from "./groups.ts";
import { beginOperation } from "./operations.ts";
import { accepted, notFound, ok, paged, parsed, Refusal } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import { idOf, keyOf, type Resource, type Subscription, type Vm, vmIdOf } from "./state.ts";

type Kind = Exclude<Resource["kind"], "disks">;

const bodySchema = z.object({
  location: z.string(),
  tags: z.record(z.string(), z.string()).default({}),
  properties: z.record(z.string(), z.unknown()).default({}),
});

/** Networks, and what belongs to them. What is in use stays. */
export const networkRoutes: readonly Route[] = [
  ...(["networkSecurityGroups", "virtualNetworks", "networkInterfaces", "publicIPAddresses"] as const).flatMap(
    routesOf,
  ),
  {
    operation: "GET /resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{name}",
    action: "Microsoft.Network/virtualNetworks/subnets/read",
    answer: (subscription, call) => {
      const { group = "", network = "", name = "" } = call.parameters;
      const range = subnetRange(
        subscription,
        idOf(subscription, group, `Microsoft.Network/virtualNetworks/${network}/subnets/${name}`),
      );
      if (range === undefined) throw notFound(call);
      return ok({ name, properties: { addressPrefix: range, provisioningState: "Succeeded" } });
    },
  },
];

/** The addresses of a subnet by its id; `undefined` if there is none. */
export function subnetRange(subscription: Subscription, id: string): string | undefined {
  const [, group = "", network = "", name = ""] =
    /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Network\/virtualNetworks\/([^/]+)\/subnets\/([^/]+)$/i.exec(id) ??
    [];
  const found = subscription.resources.get(keyOf(group, "virtualNetworks", network));
  const subnets = subnetsSchema.safeParse(found?.properties["subnets"]).data ?? [];
  return subnets.find((subnet) => subnet.name.toLowerCase() === name.toLowerCase())?.properties.addressPrefix;
}

/** Whether something of Microsoft.Network is there, by its id. */
export function findNetworkPart({ resources }: Subscription, id: string): Resource | undefined {
  const [, group = "", kind = "", name = ""] =
    /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Network\/(\w+)\/([^/]+)$/i.exec(id) ?? [];
  return resources.get(keyOf(group, kind, name));
}

const subnetsSchema = z.array(z.object({ name: z.string(), properties: z.object({ addressPrefix: z.string() }) }));

function routesOf(kind: Kind): readonly Route[] {
  const base = `/resourceGroups/{group}/providers/Microsoft.Network/${kind}`;
  return [
    {
      operation: `GET ${base}`,
      action: `Microsoft.Network/${kind}/read`,
      answer: (subscription, call) => {
        const group = mustFindGroup(subscription, parameter(call, "group"));
        const all = [...subscription.resources.values()].filter(
          (one) => one.kind === kind && keyOf(one.group) === keyOf(group.name),
        );
        return paged(call, all, (one) => render(subscription, one));
      },
    },
    {
      operation: `GET ${base}/{name}`,
      action: `Microsoft.Network/${kind}/read`,
      answer: (subscription, call) => ok(render(subscription, mustFind(subscription, kind, call))),
    },
    {
      operation: `PUT ${base}/{name}`,
      action: `Microsoft.Network/${kind}/write`,
      answer: (subscription, call) => put(subscription, kind, call),
    },
    {
      operation: `DELETE ${base}/{name}`,
      action: `Microsoft.Network/${kind}/delete`,
      answer: (subscription, call) => {
        const group = parameter(call, "group");
        const found = subscription.resources.get(keyOf(group, kind, parameter(call, "name")));
        if (!found) return { status: 204 };
        requireUnused(subscription, found);
        const operation = beginOperation(subscription, subscription.timings.networkMs, () => {
          subscription.resources.delete(keyOf(group, kind, found.name));
        });
        return accepted(call, subscription, operation, { status: 202, afterSeconds: 5 });
      },
    },
  ];
}

function put(subscription: Subscription, kind: Kind, call: Call): Reply {
  const group = mustFindGroup(subscription, parameter(call, "group"));
  const body = parsed(bodySchema, call.body);
  if (kind === "virtualNetworks") requireGoodRange(body.properties);
  if (kind === "networkSecurityGroups") requireGoodRules(body.properties);
  const name = parameter(call, "name");
  const key = keyOf(group.name, kind, name);
  const known = subscription.resources.get(key);
  const now = subscription.agenda.nowMs();
  const resource: Resource = {
    ...{ kind, group: group.name, name, ...body, madeMs: known?.madeMs ?? now },
    ...{ readyMs: now + subscription.timings.networkMs, goesWith: known?.goesWith },
  };
  subscription.resources.set(key, resource);
  const operation = beginOperation(subscription, subscription.timings.networkMs, () => {});
  return accepted(call, subscription, operation, {
    status: known ? 200 : 201,
    body: render(subscription, resource),
    afterSeconds: 3,
  });
}

function requireGoodRange(properties: Resource["properties"]): void {
  const { addressPrefixes } = parsed(
    z.object({ addressPrefixes: z.array(z.string()).min(1) }),
    properties["addressSpace"],
  );
  for (const { properties: subnet } of parsed(subnetsSchema, properties["subnets"] ?? [])) {
    const [inner, outer] = [parseSubnet(subnet.addressPrefix), parseSubnet(addressPrefixes[0] ?? "")];
    if (!inner || !outer || !overlaps(inner, outer))
      throw new Refusal(400, "NetcfgInvalidSubnet", "Subnet is not valid in virtual network.");
  }
}

const rulesSchema = z.array(
  z.object({
    name: z.string(),
    properties: z.object({ priority: z.int().min(100).max(4096), direction: z.string(), access: z.string() }),
  }),
);

function requireGoodRules(properties: Resource["properties"]): void {
  const rules = parsed(rulesSchema, properties["securityRules"] ?? []);
  const [priorities, names] = [rules.map(({ properties: rule }) => rule.priority), rules.map(({ name }) => name)];
  if (new Set(priorities).size < rules.length || new Set(names).size < rules.length)
    throw new Refusal(400, "SecurityRuleConflict", "Security rules cannot have the same priority and direction.");
}

/** Source: the errors that users report when they delete what is in use. */
function requireUnused(subscription: Subscription, { kind, group, name, goesWith }: Resource): void {
  const isUsed = [...subscription.resources.values()].some(
    (one) =>
      one.kind === "networkInterfaces" &&
      JSON.stringify(one.properties)
        .toLowerCase()
        .includes(keyOf("", kind, name)),
  );
  if (kind === "virtualNetworks" && isUsed)
    throw new Refusal(
      400,
      "InUseSubnetCannotBeDeleted",
      `Subnet of ${name} is in use by a network interface in ${group} and cannot be deleted.`,
    );
  if (kind === "networkSecurityGroups" && isUsed)
    throw new Refusal(
      400,
      "InUseNetworkSecurityGroupCannotBeDeleted",
      `Network security group ${name} cannot be deleted because it is in use.`,
    );
  if (goesWith !== undefined && kind === "networkInterfaces")
    throw new Refusal(400, "NicInUse", `Network Interface ${name} is used by an existing virtual machine.`);
}

function mustFind({ resources }: Subscription, kind: Kind, call: Call): Resource {
  const found = resources.get(keyOf(parameter(call, "group"), kind, parameter(call, "name")));
  if (!found) throw notFound(call);
  return found;
}

/** Addresses come late. */
function render(subscription: Subscription, resource: Resource): object {
  const { kind, group, name, location, tags, properties, readyMs } = resource;
  const vm = [...subscription.vms.values()].find(({ number }) => number === resource.goesWith);
  const provisioningState = readyMs <= subscription.agenda.nowMs() ? "Succeeded" : "Updating";
  return {
    ...{ id: idOf(subscription, group, `Microsoft.Network/${kind}/${name}`), name, location, tags },
    type: `Microsoft.Network/${kind}`,
    properties: { ...properties, ...addressesOf(subscription, resource, vm), provisioningState },
  };
}

function addressesOf(subscription: Subscription, { kind, group, name }: Resource, vm: Vm | undefined): object {
  if (!vm) return {};
  const isShown = vm.madeMs + subscription.timings.addressMs <= subscription.agenda.nowMs();
  const found = isShown ? subscription.hosts.addresses(String(vm.number)) : undefined;
  if (kind === "publicIPAddresses") return found?.publicAddress === undefined ? {} : { ipAddress: found.publicAddress };
  if (kind !== "networkInterfaces") return {};
  const publicIPAddress = {
    id: idOf(subscription, group, `Microsoft.Network/publicIPAddresses/${name.replace(/-nic$/, "-ip")}`),
  };
  return {
    virtualMachine: { id: vmIdOf(subscription, vm).replace(`/${vm.group}/`, `/${vm.group.toUpperCase()}/`) },
    ipConfigurations: [
      {
        name: "primary",
        properties: {
          ...(found ? { privateIPAddress: found.privateAddress } : {}),
          ...(vm.hasPublicAddress ? { publicIPAddress } : {}),
        },
      },
    ],
  };
}
