import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Machine, PowerControl, ResizeControl } from "../../../src/providers/provider.ts";
import { type AwsRig, openAwsRig } from "../../support/aws.ts";
import { aCloudRequest, signal, specOf } from "../../support/cloud-requests.ts";

let rig: AwsRig;
let machine: Machine;
let controls: { readonly power: PowerControl; readonly resize: ResizeControl };
beforeEach(async () => {
  rig = await openAwsRig();
  const { power, resize } = rig.provider;
  if (!power || !resize) throw new Error("instances have no power");
  controls = { power, resize };
  machine = await running("node1");
  rig.fake.ledger.clear();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

async function running(name: string, options: object = {}): Promise<Machine> {
  const requests = [aCloudRequest(name, { options })];
  await rig.run(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
  await rig.run(rig.provider.create(requests, signal));
  await rig.run(rig.network.clock.sleep(60_000, signal));
  return await now(name);
}

async function now(name = "node1"): Promise<Machine> {
  const found = (await rig.run(rig.provider.list("c1", signal))).find((one) => one.name === name);
  if (!found) throw new Error(`${name} is not listed`);
  return found;
}

const changes = (): readonly string[] =>
  rig.fake.ledger.calls().flatMap(({ call }) => (call.operation.startsWith("Describe") ? [] : [call.operation]));

describe("power", () => {
  test("a machine is stopped, and started, with its private address", async () => {
    await rig.run(controls.power.stop(machine, signal));
    expect(await now()).toMatchObject({ state: { kind: "stopped" }, publicAddress: undefined });
    await rig.run(controls.power.start(machine, signal));
    await rig.run(rig.network.clock.sleep(5000, signal));
    expect(await now()).toMatchObject({ state: { kind: "running" }, privateAddress: machine.privateAddress });
    expect(changes()).toEqual(["StopInstances", "StartInstances"]);
  });

  test("one that is being stopped by somebody else is waited for, and then started", async () => {
    const stopping = controls.power.stop(machine, signal);
    await rig.network.clock.advance(2000);
    await rig.run(Promise.all([stopping.catch(() => {}), controls.power.start(machine, signal)]));
    expect(changes()).toEqual(["StopInstances", "StartInstances"]);
  });

  test("a restart is one call, and one that is stopped is started", async () => {
    await rig.run(controls.power.restart(machine, signal));
    expect(changes()).toEqual(["RebootInstances"]);
    await rig.run(controls.power.stop(machine, signal));
    await rig.run(controls.power.restart(machine, signal));
    await rig.run(rig.network.clock.sleep(5000, signal));
    expect((await now()).state).toEqual({ kind: "running" });
  });

  test.each(["StopInstances", "StartInstances"])("a reply to %s that was lost is no harm", async (operation) => {
    rig.fake.faults.add({ on: operation, effect: { kind: "lose-reply" } });
    await rig.run(controls.power.stop(machine, signal));
    await rig.run(controls.power.start(machine, signal));
    await rig.run(rig.network.clock.sleep(5000, signal));
    expect((await now()).state).toEqual({ kind: "running" });
  });
});

describe("a new size", () => {
  test("comes while the machine is off, and the machine runs again", async () => {
    await rig.run(controls.resize.resize(machine, "4gb", signal));
    await rig.run(rig.network.clock.sleep(5000, signal));
    expect(await now()).toMatchObject({ size: "t3.medium", state: { kind: "running" } });
    expect(changes()).toEqual(["StopInstances", "ModifyInstanceAttribute", "StartInstances"]);
    rig.fake.ledger.clear();
    await rig.run(controls.resize.resize(machine, "t3.medium", signal));
    expect(changes()).toEqual([]);
  });

  test("leaves a machine off that was off", async () => {
    await rig.run(controls.power.stop(machine, signal));
    await rig.run(controls.resize.resize(await now(), "t3.large", signal));
    expect(await now()).toMatchObject({ size: "t3.large", state: { kind: "stopped" } });
  });

  test.each([
    ["of another architecture", "t4g.small"],
    ["that there is not", "t3.smal"],
  ])("%s leaves the machine running with the old one", async (_, size) => {
    await expect(rig.run(controls.resize.resize(machine, size, signal))).rejects.toMatchObject({
      code: "provider.refused",
    });
    await rig.run(rig.network.clock.sleep(5000, signal));
    expect(await now()).toMatchObject({ size: "t3.small", state: { kind: "running" } });
  });
});

describe("removal", () => {
  test("takes all machines of a cluster in one call, and those that are gone already", async () => {
    const two = await running("node2");
    rig.fake.ledger.clear();
    const outcomes = await rig.run(rig.provider.remove([machine, two], signal));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["removed", "removed"]);
    expect(changes()).toEqual(["TerminateInstances"]);
    await rig.run(rig.network.clock.sleep(2 * 3_600_000, signal));
    const gone = [machine, { ...two, createdAt: machine.createdAt }];
    const again = await rig.run(rig.provider.remove(gone, signal));
    expect(again.map(({ kind }) => kind)).toEqual(["removed", "removed"]);
    expect(rig.fake.left().instances).toEqual([]);
  });

  test("one that is gone does not keep the others", async () => {
    const two = await running("node2");
    const ghost = { ...two, id: "i-0ffffffffffffffff", name: "ghost", createdAt: "2020-01-01T00:00:00.000Z" };
    const outcomes = await rig.run(rig.provider.remove([ghost, machine, two], signal));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["removed", "removed", "removed"]);
    expect(rig.fake.left().instances).toEqual([]);
  });

  test("says so where an instance is there for ever", async () => {
    Object.assign(rig.fake.timings, { terminatedMs: 3_600_000 });
    expect(await rig.run(rig.provider.remove([machine], signal))).toMatchObject([
      { kind: "failed", error: { message: "EC2 took the order to terminate node1, and it is still there" } },
    ]);
  });
});

describe("the clusters of a name", () => {
  test("are found by the tags of instances that are there", async () => {
    const clusters = (name: string) => rig.run(rig.provider.clusters?.(name, signal) ?? Promise.resolve([]));
    expect(await clusters("shop")).toEqual(["c1"]);
    expect(await clusters("sho")).toEqual([]);
    await rig.run(rig.provider.remove([machine], signal));
    expect(await clusters("shop")).toEqual([]);
  });
});
