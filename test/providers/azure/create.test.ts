import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CreateOutcome, MachineRequest } from "../../../src/providers/provider.ts";
import { type AzureRig, openAzureRig, untilAll } from "../../support/azure.ts";
import { aCloudRequest, machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import type { Fault } from "../../support/clouds/faults.ts";

const orders = "PUT /resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}";
const ten = someRequests(10);

let rig: AzureRig;
beforeEach(async () => {
  rig = await openAzureRig();
  await ensure(ten);
  rig.fake.ledger.clear();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

async function ensure(requests: readonly MachineRequest[]): Promise<void> {
  await rig.run(rig.provider.shared?.ensure(specOf(requests), signal) ?? Promise.resolve());
}
const create = (requests: readonly MachineRequest[]) => rig.run(rig.provider.create(requests, signal));
const kinds = (outcomes: readonly CreateOutcome[]): readonly string[] => outcomes.map(({ kind }) => kind);
const ordered = (): number => rig.fake.ledger.calls(orders).length;
const running = (count: number) => rig.run(untilAll(rig, count, ({ state }) => state.kind === "running"));
const zonesOf = () => [...rig.fake.subscription.vms.values()].map(({ name, zone, size }) => `${name} ${zone} ${size}`);

describe("machines", () => {
  test("are one call each, after one look at the sizes and one at the images for all", async () => {
    machinesIn(await create(someRequests(23)));
    expect(rig.fake.ledger.counts()).toEqual({
      "GET /providers/Microsoft.Compute/skus": 1,
      "GET /providers/Microsoft.Compute/locations/{location}/publishers/{publisher}/artifacttypes/vmimage/offers": 1,
      [orders]: 23,
    });
  });

  test("are all that the cluster file says", async () => {
    const options = {
      ...{ zones: ["2"], diskGiB: 64, diskType: "Premium_LRS", spot: true, user: "ops", tags: { team: "web" } },
      ...{ size: "Standard_D2ps_v5", publicAddress: false },
    };
    machinesIn(
      await create([aCloudRequest("a", { options, authorizedKeys: ["ssh-ed25519 AAAA own", "sk-ssh BBBB"] })]),
    );
    const [entry] = rig.fake.ledger.calls(orders);
    expect(entry?.call.headers["if-none-match"]).toBe("*");
    expect(entry?.call.body).toMatchObject({
      ...{ location: "eastus", zones: ["2"], tags: { team: "web", "belt-cluster-id": "c1", "belt-group": "workers" } },
      properties: {
        hardwareProfile: { vmSize: "Standard_D2ps_v5" },
        storageProfile: {
          imageReference: { publisher: "Canonical", offer: "ubuntu-26_04-lts", sku: "server-arm64", version: "latest" },
          osDisk: { diskSizeGB: 64, deleteOption: "Delete", managedDisk: { storageAccountType: "Premium_LRS" } },
        },
        osProfile: {
          ...{ computerName: "a", adminUsername: "ops" },
          linuxConfiguration: {
            disablePasswordAuthentication: true,
            ssh: { publicKeys: [{ keyData: "ssh-ed25519 AAAA own" }] },
          },
        },
        ...{ priority: "Spot", evictionPolicy: "Deallocate", billingProfile: { maxPrice: -1 } },
      },
    });
    const text = JSON.stringify(entry?.call.body);
    expect(text).not.toContain("publicIPAddressConfiguration");
    expect(text).not.toContain('"userData"');
    const data = /"customData":"([^"]+)"/.exec(text)?.[1] ?? "";
    expect(Buffer.from(data, "base64").toString()).toContain('ssh_authorized_keys:\n  - "sk-ssh BBBB"');
  });

  test("know both addresses once they run, without a call for each", async () => {
    machinesIn(await create(ten));
    rig.fake.ledger.clear();
    const machines = await running(10);
    expect(
      machines.every((one) => one.publicAddress?.startsWith("198.18.") && one.privateAddress?.startsWith("10.10.")),
    ).toBe(true);
    expect(machines[0]).toMatchObject({ user: "belt", port: 22, image: "ubuntu-lts", region: "eastus" });
    const counts = rig.fake.ledger.counts();
    expect(counts["GET /resourceGroups/{group}/providers/Microsoft.Network/networkInterfaces"]).toBe(1);
    expect(counts["GET /resourceGroups/{group}/providers/Microsoft.Network/publicIPAddresses"]).toBe(1);
    expect(counts["GET /providers/Microsoft.Compute/virtualMachines"]).toBeUndefined();
  });

  test("of a name that somebody else's machine has are refused", async () => {
    const theirs = someRequests(1, { clusterId: "c9", options: { resourceGroup: "belt-shop-c1" } });
    await ensure(theirs);
    machinesIn(await create(theirs));
    expect(await create(someRequests(1))).toMatchObject([
      { kind: "refused", error: { message: "there is a machine node1 in belt-shop-c1 that is none of the cluster's" } },
    ]);
  });

  test("get their interface and address before them where the file says so", async () => {
    const separate = someRequests(2, { options: { interfaces: "separate" } });
    machinesIn(await create(separate));
    const machines = await running(2);
    expect(machines.every(({ publicAddress }) => publicAddress !== undefined)).toBe(true);
    await rig.run(rig.provider.remove(machines, signal));
    expect(
      rig.fake.left().parts.filter((part) => !part.startsWith("virtual") && !part.includes("SecurityGroups")),
    ).toEqual([]);
  });
});

/** Everything that can happen to a PUT whose reply does not come. */
const losses: readonly (readonly [string, readonly Fault[]])[] = [
  ["is lost", [{ on: orders, effect: { kind: "lose-reply" } }]],
  ["is lost again and again", [{ on: orders, times: 50, effect: { kind: "lose-reply" } }]],
  ["takes longer than anybody waits", [{ on: orders, effect: { kind: "delay-reply", ms: 120_000 } }]],
  [
    "is an error of the server's that had its effect",
    [
      { on: orders, effect: { kind: "lose-reply" } },
      { on: orders, effect: { kind: "reply", reply: { status: 502, body: "bad gateway" } } },
    ],
  ],
];

describe("when the reply to a PUT", () => {
  test.each(losses)("%s, what it made is found, and nothing is made twice", async (_, faults) => {
    for (const fault of faults) rig.fake.faults.add(fault);
    expect(kinds(await create(ten))).toEqual(ten.map(() => "accepted"));
    await rig.run(rig.network.clock.sleep(130_000, signal));
    expect(rig.fake.subscription.counters.vm).toBe(10);
    await running(10);
  });

  test("is an error of the server's, always, the next call makes them", async () => {
    const reply = {
      status: 500,
      body: { error: { code: "InternalExecutionError", message: "An internal execution error occurred." } },
    };
    rig.fake.faults.add({ on: orders, times: Number.POSITIVE_INFINITY, effect: { kind: "reply", reply } });
    expect(await create(someRequests(2))).toMatchObject([
      { kind: "refused", error: { retryable: true } },
      { kind: "refused" },
    ]);
    rig.fake.faults.clear();
    expect(kinds(await create(someRequests(2)))).toEqual(["accepted", "accepted"]);
  });

  test("says that there are too many calls, it is asked again when Azure says", async () => {
    const reply = {
      status: 429,
      headers: { "retry-after": "17" },
      body: {
        error: {
          code: "OperationNotAllowed",
          message:
            "The server rejected the request because too many requests have been received for this subscription.",
        },
      },
    };
    rig.fake.faults.add({ on: orders, effect: { kind: "reply", reply } });
    machinesIn(await create(someRequests(1)));
    const [first, second] = rig.fake.ledger.calls(orders).map(({ call }) => call.atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(17_000);
  });
});

describe("zones", () => {
  const turn = (zones: readonly string[], index: number) => [...zones.slice(index), ...zones.slice(0, index)];
  const managers = (count: number, zones: readonly string[], more: object = {}) =>
    Array.from({ length: count }, (_, index) =>
      aCloudRequest(`mg${index + 1}`, { group: "managers", options: { ...more, zones: turn(zones, index) } }),
    );

  test("are those that the options say, the first one preferred", async () => {
    await ensure(managers(1, []));
    const machines = machinesIn(await create(managers(3, ["1", "2", "3"])));
    expect(zonesOf()).toEqual(["mg1 1", "mg2 2", "mg3 3"].map((one) => `${one} Standard_B2s`));
    expect(machines.map(({ zone }) => zone)).toEqual(["1", "2", "3"]);
    const seen = await running(3);
    expect(seen.map(({ zone }) => zone)).toEqual(["1", "2", "3"]);
  });

  test("that do not sell the size are passed over at once", async () => {
    await ensure(managers(1, []));
    machinesIn(await create(managers(3, ["1", "2", "3"], { size: "Standard_F2s_v2" })));
    expect(zonesOf().sort()).toEqual(["mg1 1", "mg2 2", "mg3 1"].map((one) => `${one} Standard_F2s_v2`));
  });

  test("without room are left: the failed machine goes, and comes again elsewhere", async () => {
    rig.fake.decideFate(({ zone }) => (zone === "2" ? "no-room" : "well"));
    const requests = someRequests(3).map((one, index) => ({
      ...one,
      options: { zones: turn(["1", "2", "3"], index) },
    }));
    machinesIn(await create(requests));
    const machines = await running(3);
    expect(zonesOf().sort()).toEqual(["node1 1", "node2 3", "node3 3"].map((one) => `${one} Standard_B2s`));
    expect(machines.map(({ name }) => name).sort()).toEqual(["node1", "node2", "node3"]);
    expect(ordered()).toBe(4);
  });

  test("without room for a size are tried with the other sizes that the file names", async () => {
    rig.fake.decideFate(({ size }) => (size === "Standard_B2s" ? "no-room" : "well"));
    const options = { zones: ["1", "2"], otherSizes: ["Standard_D2s_v3"] };
    machinesIn(await create(someRequests(2, { options })));
    await running(2);
    expect(zonesOf()).toEqual(["node1 1 Standard_D2s_v3", "node2 1 Standard_D2s_v3"]);
  });

  test("that all have no room leave a failed machine that says why, and can be removed", async () => {
    rig.fake.decideFate(() => "no-room");
    machinesIn(await create(someRequests(1, { options: { zones: ["1", "2"] } })));
    const machines = await rig.run(untilAll(rig, 1, ({ state }) => state.kind === "failed"));
    expect(machines).toMatchObject([
      { state: { reason: expect.stringMatching(/^Allocation failed\. .*\(ZonalAllocationFailed\)$/) } },
    ]);
    expect(ordered()).toBe(2);
    expect(await rig.run(rig.provider.remove(machines, signal))).toMatchObject([{ kind: "removed" }]);
    expect(rig.fake.left().machines).toEqual([]);
  });

  test("are told by another run, which finds the failed machine, and makes it anew when it is asked to", async () => {
    rig.fake.decideFate(() => "no-room");
    machinesIn(await create(someRequests(1, { options: { zones: ["1", "2"] } })));
    const next = await rig.reopen();
    await rig.run(rig.network.clock.sleep(60_000, signal));
    const [failed] = await rig.run(next.list("c1", signal));
    expect(failed?.state.kind).toBe("failed");
    rig.fake.decideFate(() => "well");
    await rig.run(next.remove(failed ? [failed] : [], signal));
    expect(kinds(await rig.run(next.create(someRequests(1), signal)))).toEqual(["accepted"]);
    expect(rig.fake.left().machines).toEqual(["node1"]);
  });
});

describe("when the command dies", () => {
  test.each(["before", "after"] as const)("%s a PUT took effect, the next one makes each name once", async (when) => {
    const held = rig.fake.faults.hold(orders, when);
    const dying = new AbortController();
    const work = rig.provider.create(ten, dying.signal);
    await held.arrived;
    dying.abort(new Error("killed"));
    await expect(work).rejects.toThrow("killed");
    held.release();
    const next = await rig.reopen();
    await rig.run(rig.network.clock.sleep(5000, signal));
    machinesIn(await rig.run(next.create(ten, signal)));
    expect(rig.fake.left().machines).toEqual(ten.map(({ name }) => name).sort());
    expect(rig.fake.subscription.counters.vm).toBe(10);
  });
});
