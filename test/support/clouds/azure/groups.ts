import { z } from "zod";
import { beginOperation } from "./operations.ts";
import { accepted, noGroup, ok, parsed } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import { type Group, keyOf, type Subscription } from "./state.ts";
import { forgetVm } from "./vm-life.ts";

const bodySchema = z.object({ location: z.string(), tags: z.record(z.string(), z.string()).default({}) });

/** Resource groups: what is in one goes with it. */
export const groupRoutes: readonly Route[] = [
  {
    operation: "PUT /resourceGroups/{group}",
    action: "Microsoft.Resources/subscriptions/resourceGroups/write",
    answer: (subscription, call) => {
      const name = parameter(call, "group");
      const { location, tags } = parsed(bodySchema, call.body);
      const known = subscription.groups.get(keyOf(name));
      if (known) known.tags = tags;
      const group: Group = known ?? { name, location, tags, state: "Succeeded" };
      subscription.groups.set(keyOf(name), group);
      return ok(render(subscription, group), known ? 200 : 201);
    },
  },
  {
    operation: "GET /resourceGroups/{group}",
    action: "Microsoft.Resources/subscriptions/resourceGroups/read",
    answer: (subscription, call) => ok(render(subscription, mustFindGroup(subscription, parameter(call, "group")))),
  },
  {
    operation: "DELETE /resourceGroups/{group}",
    action: "Microsoft.Resources/subscriptions/resourceGroups/delete",
    answer: (subscription, call) => {
      const group = mustFindGroup(subscription, parameter(call, "group"));
      group.state = "Deleting";
      const operation = beginOperation(subscription, subscription.timings.groupMs, () => remove(subscription, group));
      const { headers, ...reply } = accepted(call, subscription, operation, { status: 202, afterSeconds: 15 });
      const location = headers?.["azure-asyncoperation"]?.replace("/operations/", "/operationresults/") ?? "";
      return { ...reply, headers: { location, "retry-after": "15" } };
    },
  },
];

/** The resource group of this name. @throws Refusal 404 */
export function mustFindGroup(subscription: Subscription, name: string): Group {
  const group = subscription.groups.get(keyOf(name));
  if (!group) throw noGroup(name);
  return group;
}

function render({ id }: Subscription, { name, location, tags, state }: Group): object {
  const properties = { provisioningState: state };
  return {
    id: `/subscriptions/${id}/resourceGroups/${name}`,
    name,
    location,
    tags,
    properties,
    type: "Microsoft.Resources/resourceGroups",
  };
}

function remove(subscription: Subscription, { name }: Group): void {
  const isIn = (key: string): boolean => key.startsWith(`${keyOf(name)}/`);
  for (const [key, vm] of subscription.vms) if (isIn(key)) forgetVm(subscription, vm);
  for (const key of subscription.resources.keys()) if (isIn(key)) subscription.resources.delete(key);
  subscription.groups.delete(keyOf(name));
}
