import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Machine } from "../../../src/providers/provider.ts";
import { type AzureRig, openAzureRig, untilAll } from "../../support/azure.ts";
import { machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";

let rig: AzureRig;
let machine: Machine;
beforeEach(async () => {
  rig = await openAzureRig();
  const requests = someRequests(2);
  await rig.run(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
  machinesIn(await rig.run(rig.provider.create(requests, signal)));
  const [first] = await rig.run(untilAll(rig, 2, ({ state }) => state.kind === "running"));
  if (!first) throw new Error("there is none");
  machine = first;
  rig.fake.ledger.clear();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

const power = (verb: "start" | "stop" | "restart", one = machine): Promise<void> =>
  rig.run(rig.provider.power?.[verb](one, signal) ?? Promise.reject(new Error("no power")));
const resize = (size: string): Promise<void> =>
  rig.run(rig.provider.resize?.resize(machine, size, signal) ?? Promise.reject(new Error("no resize")));
const states = async () => (await rig.run((await rig.reopen()).list("c1", signal))).map(({ state }) => state.kind);
const posts = () =>
  rig.fake.ledger.entries.flatMap(({ call }) =>
    call.method === "POST" || call.method === "PATCH" ? [call.operation.split("/").at(-1)] : [],
  );

describe("power", () => {
  test("off is deallocated, keeps the addresses, and is seen by other runs with one list for all", async () => {
    await power("stop");
    expect([...rig.fake.subscription.vms.values()].map((vm) => vm.power)).toEqual(["deallocated", "running"]);
    await power("stop");
    expect(posts()).toEqual(["deallocate"]);
    rig.fake.ledger.clear();
    expect(await states()).toEqual(["stopped", "running"]);
    expect(rig.fake.ledger.counts()["GET /providers/Microsoft.Compute/virtualMachines"]).toBe(1);
    await power("start");
    expect(await rig.run(rig.provider.list("c1", signal))).toContainEqual(machine);
  });

  test("restarts what runs, and starts what does not", async () => {
    await power("restart");
    await power("stop");
    await power("restart");
    expect(posts()).toEqual(["restart", "deallocate", "start"]);
    expect(await states()).toEqual(["running", "running"]);
  });

  test("of a machine that is gone, or of a new one with its name, is refused", async () => {
    await rig.run(rig.provider.remove([machine], signal));
    machinesIn(await rig.run(rig.provider.create(someRequests(1), signal)));
    await expect(power("stop")).rejects.toMatchObject({ code: "machine.missing" });
    expect(posts()).toEqual([]);
  });

  test("goes through whatever replies are lost", async () => {
    rig.fake.faults.add({ on: ({ method }) => method === "POST", times: 2, effect: { kind: "lose-reply" } });
    await power("stop");
    expect(await states()).toEqual(["stopped", "running"]);
  });
});

describe("resize", () => {
  test("is done while the machine is off, and leaves one that was off as it is", async () => {
    await resize("Standard_B4ms");
    expect(posts()).toEqual(["deallocate", "{name}", "start"]);
    await resize("Standard_B4ms");
    expect(posts()).toHaveLength(3);
    const [first] = await rig.run(rig.provider.list("c1", signal));
    expect(first).toMatchObject({ id: machine.id, size: "Standard_B4ms", state: { kind: "running" } });
  });

  test("to a size that is not to be had leaves the machine on", async () => {
    await expect(resize("Standard_M64s")).rejects.toMatchObject({ code: "provider.capacity" });
    expect(await states()).toEqual(["running", "running"]);
  });
});

describe("removing", () => {
  test("takes disks, interfaces and addresses along, and waits until machines are listed no more", async () => {
    const machines = await rig.run(rig.provider.list("c1", signal));
    await rig.run(rig.provider.remove(machines, signal));
    expect(rig.fake.left()).toMatchObject({ machines: [] });
    expect(rig.fake.left().parts.every((part) => /^(networkSecurityGroups|virtualNetworks)\//.test(part))).toBe(true);
    expect(await rig.run(rig.provider.remove(machines, signal))).toMatchObject([
      { kind: "removed" },
      { kind: "removed" },
    ]);
  });

  test("says so where a machine is listed for ever", async () => {
    Object.assign(rig.fake.timings, { deletedMs: 36_000_000 });
    expect(await rig.run(rig.provider.remove([machine], signal))).toMatchObject([
      {
        kind: "failed",
        error: { message: `Azure took the order to delete ${machine.name}, and still lists it`, retryable: true },
      },
    ]);
  });
});
