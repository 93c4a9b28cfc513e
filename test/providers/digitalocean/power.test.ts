import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Machine, PowerControl, ResizeControl } from "../../../src/providers/provider.ts";
import { aCloudRequest, machinesIn, signal, specOf } from "../../support/cloud-requests.ts";
import { type CloudRig, openCloudRig } from "../../support/digitalocean.ts";

const actions = "POST /v2/droplets/{droplet_id}/actions";

let rig: CloudRig;
let machine: Machine;
let controls: { readonly power: PowerControl; readonly resize: ResizeControl };
beforeEach(async () => {
  rig = await openCloudRig();
  rig.fake.decideFate((name) => (name === "deaf" ? "stubborn" : "well"));
  const { power, resize } = rig.provider;
  if (!power || !resize) throw new Error("droplets have no power");
  controls = { power, resize };
  machine = await running("node1");
  rig.fake.ledger.clear();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

async function running(name: string): Promise<Machine> {
  const requests = [aCloudRequest(name)];
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

const begun = (): readonly unknown[] =>
  rig.fake.ledger
    .calls(actions)
    .map(({ call }) => (typeof call.body === "object" ? Object.values(call.body ?? {}).sort() : call.body));

describe("power", () => {
  test("a machine is stopped in good order, and started", async () => {
    await rig.run(controls.power.stop(machine, signal));
    expect((await now()).state).toEqual({ kind: "stopped" });
    await rig.run(controls.power.start(machine, signal));
    expect((await now()).state).toEqual({ kind: "running" });
    expect(begun()).toEqual([["shutdown"], ["power_on"]]);
  });

  test("one that does not hear is stopped by the plug", async () => {
    const deaf = await running("deaf");
    rig.fake.ledger.clear();
    await rig.run(controls.power.stop(deaf, signal));
    expect((await now("deaf")).state).toEqual({ kind: "stopped" });
    expect(begun()).toEqual([["shutdown"], ["power_off"]]);
  });

  test("a restart is one action; one that is off is started", async () => {
    await rig.run(controls.power.restart(machine, signal));
    expect(begun()).toEqual([["reboot"]]);
    await rig.run(controls.power.stop(machine, signal));
    await rig.run(controls.power.restart(machine, signal));
    expect((await now()).state).toEqual({ kind: "running" });
  });

  test("one that is busy is waited for", async () => {
    const first = controls.power.restart(machine, signal);
    const second = controls.power.stop(machine, signal);
    await rig.run(Promise.all([first, second]));
    expect((await now()).state).toEqual({ kind: "stopped" });
  });

  test("an action whose reply was lost is not begun again where it took effect", async () => {
    await rig.run(controls.power.stop(machine, signal));
    rig.fake.ledger.clear();
    rig.fake.faults.add({ on: actions, effect: { kind: "lose-reply" } });
    await rig.run(controls.power.start(machine, signal));
    expect((await now()).state).toEqual({ kind: "running" });
  });
});

describe("a new size", () => {
  test("comes while the machine is off, with the disk as it is, and the machine runs again", async () => {
    await rig.run(controls.resize.resize(machine, "4gb", signal));
    expect(await now()).toMatchObject({ size: "s-2vcpu-4gb", state: { kind: "running" } });
    expect(begun()).toEqual([["shutdown"], [false, "resize", "s-2vcpu-4gb"], ["power_on"]]);
    rig.fake.ledger.clear();
    await rig.run(controls.resize.resize(machine, "4gb", signal));
    expect(begun()).toEqual([]);
  });

  test("leaves a machine off that was off", async () => {
    await rig.run(controls.power.stop(machine, signal));
    await rig.run(controls.resize.resize(await now(), "s-1vcpu-2gb", signal));
    expect(await now()).toMatchObject({ size: "s-1vcpu-2gb", state: { kind: "stopped" } });
  });

  test("that cannot be had leaves the machine running with the old one", async () => {
    await expect(rig.run(controls.resize.resize(machine, "512mb", signal))).rejects.toMatchObject({
      code: "provider.refused",
    });
    expect(await now()).toMatchObject({ size: "s-1vcpu-1gb", state: { kind: "running" } });
  });
});

describe("prices", () => {
  test("come from the API's sizes, in the order asked, and are not known for what is not sold", async () => {
    const planned = [undefined, "8192MB", "s-0vcpu-0gb"].map((size) => ({ name: "a", group: "g", size, options: {} }));
    expect(rig.provider.prices?.currency).toBe("USD");
    const hourly = await rig.run(rig.provider.prices?.hourly(planned, signal) ?? Promise.resolve([]));
    expect(hourly).toEqual([0.00893, 0.07143, undefined]);
    await rig.run(rig.provider.check(specOf([aCloudRequest("a")]), signal));
    expect(rig.fake.ledger.calls("GET /v2/sizes")).toHaveLength(1); // check asks for the same list
  });
});

describe("removal", () => {
  test("takes one machine of several by its id, and a whole cluster by its tag", async () => {
    const [two, three] = [await running("node2"), await running("node3")];
    await rig.run(rig.provider.remove([two], signal));
    expect(rig.fake.ledger.counts()["DELETE /v2/droplets/{droplet_id}"]).toBe(1);
    expect(rig.fake.left().droplets).toEqual(["node1", "node3"]);
    await rig.run(rig.provider.remove([machine, three], signal));
    expect(rig.fake.ledger.counts()["DELETE /v2/droplets"]).toBe(1);
    expect(rig.fake.left().droplets).toEqual([]);
  });

  test("waits until a droplet is listed no more", async () => {
    Object.assign(rig.fake.timings, { unlistedMs: 20_000 });
    await rig.run(rig.provider.remove([machine], signal));
    expect(await rig.run(rig.provider.list("c1", signal))).toEqual([]);
  });

  test("says so where a droplet is listed for ever", async () => {
    Object.assign(rig.fake.timings, { unlistedMs: 3_600_000, releasedMs: 3_600_000 });
    expect(await rig.run(rig.provider.remove([machine], signal))).toMatchObject([
      {
        kind: "failed",
        error: {
          code: "provider.unavailable",
          message: "DigitalOcean took the order to delete node1, and still lists it",
        },
      },
    ]);
  });

  test("leaves a droplet alone that wears the cluster's tag and is none of its machines", async () => {
    const two = await running("node2");
    const { provider, run, fake } = rig;
    const others = [aCloudRequest("theirs", { clusterId: "c2" })];
    await run(provider.shared?.ensure(specOf(others), signal) ?? Promise.resolve());
    const [theirs] = machinesIn(await run(provider.create(others, signal)));
    fake.account.tags.get("belt-cluster-id:c1")?.droplets.add(Number(theirs?.id));
    await run(provider.remove([machine, two], signal));
    expect(fake.left().droplets).toEqual(["theirs"]);
    expect(fake.ledger.counts()["DELETE /v2/droplets"]).toBeUndefined();
  });
});

describe("the clusters of a name", () => {
  test("are found by the tags of droplets that are there", async () => {
    expect(await rig.run(rig.provider.clusters?.("shop", signal) ?? Promise.resolve([]))).toEqual(["c1"]);
    expect(await rig.run(rig.provider.clusters?.("sho", signal) ?? Promise.resolve([]))).toEqual([]);
    await rig.run(rig.provider.remove([machine], signal));
    await rig.run(rig.network.clock.sleep(60_000, signal));
    expect(await rig.run(rig.provider.clusters?.("shop", signal) ?? Promise.resolve([]))).toEqual([]);
  });
});
