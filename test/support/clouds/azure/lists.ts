import type { Call, Reply } from "../call.ts";
import { locations, offers, renderSize, sizes } from "./catalog.ts";
import { ok, paged } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import { idOf, type Subscription, vmIdOf } from "./state.ts";

/** What can only be read: sizes, quotas, images, and the index of all resources. */
export const listRoutes: readonly Route[] = [
  {
    operation: "GET /providers/Microsoft.Compute/skus",
    action: "Microsoft.Compute/skus/read",
    answer: (_, call) => {
      const location = /^location eq '(\w+)'$/.exec(call.query.get("$filter") ?? "")?.[1] ?? "eastus";
      const isThere = locations.some((one) => one === location);
      const disk = { resourceType: "disks", name: "Standard_LRS", locations: [location] };
      return ok({ value: isThere ? [disk, ...sizes.map((size) => renderSize(location, size))] : [] });
    },
  },
  {
    operation: "GET /providers/Microsoft.Compute/locations/{location}/usages",
    action: "Microsoft.Compute/locations/usages/read",
    answer: (subscription, call) => paged(call, usages(subscription), (usage) => usage),
  },
  {
    operation:
      "GET /providers/Microsoft.Compute/locations/{location}/publishers/{publisher}/artifacttypes/vmimage/offers",
    action: "Microsoft.Compute/locations/publishers/artifacttypes/offers/read",
    answer: (_, call) =>
      ok(
        parameter(call, "publisher") === "Canonical"
          ? offers.map((name) => ({ name, location: parameter(call, "location"), id: `${call.path}/${name}` }))
          : [],
      ),
  },
  {
    operation: "GET /resources",
    action: "Microsoft.Resources/subscriptions/resources/read",
    answer: tagged,
  },
  {
    operation: "GET /resourceGroups/{group}/resources",
    action: "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    answer: (subscription, call) => {
      const group = parameter(call, "group").toLowerCase();
      const own = everything(subscription).filter((one) => one.group.toLowerCase() === group);
      return paged(call, own, ({ id, name, type, tags }) => ({ id, name, type, tags }));
    },
  },
];

/** How many cores of each family are in use. */
export function coresUsed({ vms }: Subscription, family?: string): number {
  return [...vms.values()]
    .filter(({ power }) => power !== "deallocated" && power !== "none")
    .flatMap(({ size }) => sizes.find(({ name }) => name === size) ?? [])
    .filter((size) => family === undefined || size.family === family)
    .reduce((sum, { cores }) => sum + cores, 0);
}

function usages(subscription: Subscription): readonly object[] {
  const families = [...new Set(sizes.map(({ family }) => family))];
  const usage = (value: string, localizedValue: string, currentValue: number, limit: number) => ({
    ...{ unit: "Count", currentValue, limit, name: { value, localizedValue } },
  });
  return [
    usage("cores", "Total Regional vCPUs", coresUsed(subscription), subscription.cores),
    usage("virtualMachines", "Virtual Machines", subscription.vms.size, 25_000),
    ...families.map((one) => usage(one, `${one} vCPUs`, coresUsed(subscription, one), subscription.cores)),
  ];
}

interface Indexed {
  readonly id: string;
  readonly group: string;
  readonly name: string;
  readonly type: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly madeMs: number;
}

function everything(subscription: Subscription): readonly Indexed[] {
  const vms = [...subscription.vms.values()].map((vm) => ({
    ...{ id: vmIdOf(subscription, vm), group: vm.group, name: vm.name, type: "Microsoft.Compute/virtualMachines" },
    ...{ tags: vm.tags, madeMs: vm.madeMs },
  }));
  const others = [...subscription.resources.values()].map(({ kind, group, name, tags, madeMs }) => {
    const type = `Microsoft.${kind === "disks" ? "Compute" : "Network"}/${kind}`;
    return { id: idOf(subscription, group, `${type}/${name}`), group, name, type, tags, madeMs };
  });
  return [...vms, ...others];
}

/** The index of tags is late, and leaves out the tags of what it finds by one. */
function tagged(subscription: Subscription, call: Call): Reply {
  const { agenda, timings } = subscription;
  const [, name = "", value = ""] =
    /^tagName eq '([^']*)' and tagValue eq '([^']*)'$/.exec(call.query.get("$filter") ?? "") ?? [];
  const found = everything(subscription).filter(
    ({ tags, madeMs }) => tags[name] === value && madeMs + timings.indexMs <= agenda.nowMs(),
  );
  return paged(call, found, ({ id, name: own, type }) => ({ id, name: own, type }));
}
