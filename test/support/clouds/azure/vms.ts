import { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { sizes } from "./catalog.ts";
import { createVm } from "./create-vm.ts";
import { mustFindGroup } from "./groups.ts";
import { openOperation } from "./operations.ts";
import { renderVm } from "./render-vm.ts";
import { accepted, notFound, ok, paged, parsed, Refusal } from "./replies.ts";
import { parameter, type Route } from "./route.ts";
import { keyOf, type Subscription, type Vm } from "./state.ts";
import { beginAct, forgetVm } from "./vm-life.ts";

const base = "/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines";
const action = (verb: string): string => `Microsoft.Compute/virtualMachines/${verb}`;

/** Machines. */
export const vmRoutes: readonly Route[] = [
  { operation: `PUT ${base}/{name}`, action: action("write"), answer: createVm },
  {
    operation: `GET ${base}`,
    action: action("read"),
    answer: (subscription, call) => {
      const { name } = mustFindGroup(subscription, parameter(call, "group"));
      const own = [...subscription.vms.values()].filter((vm) => keyOf(vm.group) === keyOf(name));
      return paged(call, own, (vm) => renderVm(subscription, vm));
    },
  },
  {
    operation: "GET /providers/Microsoft.Compute/virtualMachines",
    action: action("read"),
    answer: (subscription, call) =>
      paged(call, [...subscription.vms.values()], (vm) => {
        const { id, name, location } = renderVm(subscription, vm);
        // Ids are in capitals here, as the real ones are.
        const upper = id.replace(`/${vm.group}/`, `/${vm.group.toUpperCase()}/`);
        return { id: upper, name, location, properties: { vmId: vm.vmId, instanceView: { statuses: statusesOf(vm) } } };
      }),
  },
  {
    operation: `GET ${base}/{name}`,
    action: action("read"),
    answer: (subscription, call) => ok(renderVm(subscription, mustFind(subscription, call))),
  },
  {
    operation: `GET ${base}/{name}/instanceView`,
    action: action("instanceView/read"),
    answer: (subscription, call) => ok({ statuses: statusesOf(mustFind(subscription, call)) }),
  },
  { operation: `DELETE ${base}/{name}`, action: action("delete"), answer: remove },
  { operation: `PATCH ${base}/{name}`, action: action("write"), answer: resize },
  ...(["start", "restart", "deallocate"] as const).map((verb) => ({
    operation: `POST ${base}/{name}/${verb}`,
    action: action(`${verb}/action`),
    answer: (subscription: Subscription, call: Call) => power(subscription, call, verb),
  })),
];

function statusesOf({ state, power: on, failure }: Vm): readonly object[] {
  const provisioning =
    state === "Failed"
      ? {
          code: `ProvisioningState/failed/${failure?.code ?? "InternalExecutionError"}`,
          level: "Error",
          message: failure?.message,
        }
      : { code: `ProvisioningState/${state.toLowerCase()}`, level: "Info" };
  return [
    provisioning,
    ...(on === "none" ? [] : [{ code: `PowerState/${on}`, level: "Info", displayStatus: `VM ${on}` }]),
  ];
}

function mustFind({ vms }: Subscription, call: Call): Vm {
  const vm = vms.get(keyOf(parameter(call, "group"), parameter(call, "name")));
  if (!vm) throw notFound(call);
  return vm;
}

function remove(subscription: Subscription, call: Call): Reply {
  const vm = subscription.vms.get(keyOf(parameter(call, "group"), parameter(call, "name")));
  if (!vm) return { status: 204 };
  const operation = openOperation(subscription);
  if (vm.state !== "Deleting") {
    vm.state = "Deleting";
    subscription.agenda.after(subscription.timings.deletedMs, () => {
      forgetVm(subscription, vm);
      operation.status = "Succeeded";
    });
  }
  return accepted(call, subscription, operation, { status: 202 });
}

function resize(subscription: Subscription, call: Call): Reply {
  const vm = mustFind(subscription, call);
  const schema = z.object({ properties: z.object({ hardwareProfile: z.object({ vmSize: z.string() }) }) });
  const { vmSize } = parsed(schema, call.body).properties.hardwareProfile;
  const size = sizes.find(({ name }) => name === vmSize);
  if (!size) throw new Refusal(400, "InvalidParameter", `The value ${vmSize} provided for the VM size is not valid.`);
  if (size.closed === "everywhere")
    throw new Refusal(
      409,
      "SkuNotAvailable",
      `The requested size for resource '${vm.name}' is currently not available in location '${vm.location}'.`,
    );
  const operation = openOperation(subscription);
  vm.state = "Updating";
  beginAct(subscription, vm, {
    ...{ operation, ms: subscription.timings.actionMs },
    done: () => Object.assign(vm, { state: "Succeeded", size: vmSize }),
  });
  return accepted(call, subscription, operation, { status: 200, body: renderVm(subscription, vm) });
}

function power(subscription: Subscription, call: Call, verb: "start" | "restart" | "deallocate"): Reply {
  const vm = mustFind(subscription, call);
  const { hosts, timings } = subscription;
  const id = String(vm.number);
  const operation = openOperation(subscription);
  const host = {
    start: () => hosts.restart(id),
    restart: async () => {
      await hosts.stop(id, "orderly");
      await hosts.restart(id);
    },
    deallocate: () => hosts.stop(id, "orderly"),
  };
  if (verb === "restart" && vm.power !== "running")
    throw new Refusal(409, "OperationNotAllowed", `Cannot restart the VM '${vm.name}': it is not running.`);
  vm.power = verb === "deallocate" ? "deallocating" : "starting";
  vm.state = "Updating";
  beginAct(subscription, vm, {
    ...{ operation, ms: timings.actionMs, host: host[verb] },
    done: () => Object.assign(vm, { state: "Succeeded", power: verb === "deallocate" ? "deallocated" : "running" }),
  });
  return accepted(call, subscription, operation, { status: 202 });
}
