import { follow } from "../behind.ts";
import type { CloudMachine } from "../hosts.ts";
import { keyOf, type Operation, type Subscription, type Vm } from "./state.ts";

/** Something that is done to a machine and takes its time. */
export interface Act {
  readonly operation: Operation;
  readonly ms: number;
  /** What it means for what stands behind the machine; begun at once. */
  readonly host?: () => Promise<void>;
  readonly done: () => void;
}

/** Begins something with a machine. It is done after its time, and when what stands behind the machine is. */
export function beginAct(subscription: Subscription, vm: Vm, { operation, ms, host, done }: Act): void {
  const following = follow(subscription.underWay, vm, host);
  const settle = (): void => {
    if (following.kind === "pending") {
      subscription.agenda.again(settle);
      return;
    }
    if (following.kind === "done") done();
    else subscription.failures.push(following.error);
    operation.status = following.kind === "done" ? "Succeeded" : "Failed";
  };
  subscription.agenda.after(ms, settle);
}

/** Begins the life of a machine that was accepted. */
export function beginLife(
  subscription: Subscription,
  vm: Vm,
  {
    operation,
    machine,
    userData,
  }: { readonly operation: Operation; readonly machine: CloudMachine; readonly userData: string },
): void {
  const { timings, hosts, agenda } = subscription;
  const fate = subscription.fateOf({ name: vm.name, size: vm.size, zone: vm.zone });
  if (fate === "stuck") return;
  if (fate === "no-room") {
    agenda.after(timings.allocatedMs, () => {
      if (vm.state === "Deleting") return;
      const code = vm.zone === undefined ? "AllocationFailed" : "ZonalAllocationFailed";
      const message =
        "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance";
      Object.assign(vm, { state: "Failed", failure: { code, message } });
      Object.assign(operation, { status: "Failed", error: { code, message } });
    });
    return;
  }
  vm.power = "starting";
  beginAct(subscription, vm, {
    ...{ operation, ms: timings.createdMs },
    host: () => hosts.start(machine, userData),
    done: () => {
      if (vm.state !== "Deleting") Object.assign(vm, { state: "Succeeded", power: "running", hasDisk: true });
    },
  });
}

/** A machine is no more, nor is what goes with it. */
export function forgetVm(subscription: Subscription, vm: Vm): void {
  subscription.vms.delete(keyOf(vm.group, vm.name));
  for (const [key, { goesWith }] of subscription.resources)
    if (goesWith === vm.number) subscription.resources.delete(key);
  follow(subscription.underWay, vm, () =>
    subscription.hosts.remove(String(vm.number)).catch((error: unknown) => {
      subscription.failures.push(error);
    }),
  );
}
