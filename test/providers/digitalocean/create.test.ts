import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CreateOutcome } from "../../../src/providers/provider.ts";
import { aCloudRequest, machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import type { Fault } from "../../support/clouds/faults.ts";
import { type CloudRig, openCloudRig } from "../../support/digitalocean.ts";

const orders = "POST /v2/droplets";
const ten = someRequests(10);

let rig: CloudRig;
beforeEach(async () => {
  rig = await openCloudRig();
  await rig.run(rig.provider.shared?.ensure(specOf(ten), signal) ?? Promise.resolve());
  rig.fake.ledger.clear();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

const kinds = (outcomes: readonly CreateOutcome[]): readonly string[] => outcomes.map(({ kind }) => kind);
const dropletNames = (): readonly string[] => rig.fake.left().droplets;
const ordered = (): number => rig.fake.ledger.calls(orders).length;

describe("orders", () => {
  test("carry ten names, and take one look before for all of them", async () => {
    machinesIn(await rig.run(rig.provider.create(someRequests(23), signal)));
    const bodies = rig.fake.ledger.calls(orders).map(({ call }) => call.body);
    expect(bodies).toMatchObject([{ names: { length: 10 } }, { names: { length: 10 } }, { names: { length: 3 } }]);
    expect(rig.fake.ledger.counts()).toEqual({ "GET /v2/droplets": 1, [orders]: 3 });
  });

  test("are as many as there are sizes, groups and host keys", async () => {
    const requests = [
      aCloudRequest("mg1", { group: "managers", size: "8192MB" }),
      aCloudRequest("node1"),
      aCloudRequest("node2"),
      aCloudRequest("node3", { size: "512mb" }),
    ];
    const machines = machinesIn(await rig.run(rig.provider.create(requests, signal)));
    expect(machines.map(({ name, group, size }) => `${name} ${group} ${size}`)).toEqual([
      "mg1 managers s-4vcpu-8gb",
      "node1 workers s-1vcpu-1gb",
      "node2 workers s-1vcpu-1gb",
      "node3 workers s-1vcpu-512mb-10gb",
    ]);
    expect(ordered()).toBe(3);
  });

  test("say all that the cluster file does", async () => {
    const options = {
      region: "nyc3",
      image: "docker",
      publicAddress: false,
      tags: ["team:web"],
      monitoring: true,
      size: "2gb",
    };
    machinesIn(await rig.run(rig.provider.create([aCloudRequest("a", { options })], signal)));
    expect(rig.fake.ledger.calls(orders)[0]?.call.body).toMatchObject({
      ...{ names: ["a"], region: "nyc3", size: "s-1vcpu-2gb", image: "docker-20-04", monitoring: true },
      public_networking: false,
      ssh_keys: [expect.stringMatching(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/)],
      vpc_uuid: [...rig.fake.account.vpcs.values()][0]?.id,
      tags: [
        "belt-cluster-id:c1",
        "belt-cluster:c1:shop",
        "belt-group:c1:workers",
        "belt-make:c1:5bec:private:docker-20-04",
        "team:web",
      ],
      user_data: expect.stringContaining("ssh_deletekeys: true"),
    });
  });
});

/** Everything that can happen to an order whose reply does not come. */
const losses: readonly (readonly [string, readonly Fault[], number])[] = [
  ["is lost", [{ on: orders, effect: { kind: "lose-reply" } }], 0],
  ["is lost, and a list shows droplets late", [{ on: orders, effect: { kind: "lose-reply" } }], 8000],
  ["takes longer than anybody waits", [{ on: orders, effect: { kind: "delay-reply", ms: 120_000 } }], 0],
  [
    "is lost, and so is the first look",
    [
      { on: orders, effect: { kind: "lose-reply" } },
      { on: "GET /v2/droplets", skip: 1, effect: { kind: "cut" } },
    ],
    0,
  ],
];

describe("when the reply to an order", () => {
  test.each(losses)("%s, what it made is found, and nothing is ordered again", async (_, faults, listedMs) => {
    Object.assign(rig.fake.timings, { listedMs });
    for (const fault of faults) rig.fake.faults.add(fault);
    const outcomes = await rig.run(rig.provider.create(ten, signal));
    expect(kinds(outcomes)).toEqual(ten.map(() => "accepted"));
    await rig.run(rig.network.clock.sleep(120_000, signal)); // an answer that is late is written down late
    expect(ordered()).toBe(1);
    expect(dropletNames()).toHaveLength(10);
  });

  test("is an error of the server's, and nothing was made, the next call makes it", async () => {
    const reply = { status: 500, body: { id: "server_error", message: "Unexpected server-side error" } };
    rig.fake.faults.add({ on: orders, effect: { kind: "reply", reply } });
    const refused = await rig.run(rig.provider.create(ten, signal));
    expect(refused).toMatchObject(ten.map(({ name }) => ({ kind: "refused", name, error: { retryable: true } })));
    expect(kinds(await rig.run(rig.provider.create(ten, signal)))).toEqual(ten.map(() => "accepted"));
    expect(dropletNames()).toHaveLength(10);
  });

  test("is lost, and the droplets come to light only after they were ordered again, the later ones go", async () => {
    Object.assign(rig.fake.timings, { listedMs: 60_000 });
    rig.fake.faults.add({ on: orders, effect: { kind: "lose-reply" } });
    const two = someRequests(2);
    expect(kinds(await rig.run(rig.provider.create(two, signal)))).toEqual(["refused", "refused"]);
    expect(kinds(await rig.run(rig.provider.create(two, signal)))).toEqual(["accepted", "accepted"]);
    expect(dropletNames()).toEqual(["node1", "node1", "node2", "node2"]);
    await rig.run(rig.network.clock.sleep(180_000, signal));
    const first = [...rig.fake.account.droplets.keys()].sort().slice(0, 2).map(String);
    const later = await rig.run(rig.provider.create(someRequests(3), signal));
    expect(kinds(later)).toEqual(["exists", "exists", "accepted"]);
    expect(
      machinesIn(later)
        .slice(0, 2)
        .map(({ id }) => id),
    ).toEqual(first);
    expect(dropletNames()).toEqual(["node1", "node2", "node3"]);
  });
});

describe("when the command dies", () => {
  test.each(["before", "after"] as const)(
    "%s an order took effect, the next one makes each name once",
    async (when) => {
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
      expect(dropletNames()).toEqual(ten.map(({ name }) => name).sort());
    },
  );
});

describe("what cannot be made now", () => {
  test("is asked for again as soon as the API allows it", async () => {
    const reply = {
      status: 429,
      headers: { "retry-after": "42" },
      body: { id: "too_many_requests", message: "API rate limit exceeded." },
    };
    rig.fake.faults.add({ on: orders, effect: { kind: "reply", reply } });
    const begun = rig.network.clock.elapsed();
    machinesIn(await rig.run(rig.provider.create(ten, signal)));
    const elapsed = rig.network.clock.elapsed() - begun;
    expect(elapsed).toBeGreaterThanOrEqual(42_000);
    expect(elapsed).toBeLessThan(50_000);
    expect(dropletNames()).toHaveLength(10);
  });

  test("is refused, and what can be made beside it is made", async () => {
    const requests = [aCloudRequest("a", { size: "s-0vcpu-0gb" }), aCloudRequest("b")];
    const outcomes = await rig.run(rig.provider.create(requests, signal));
    expect(outcomes).toMatchObject([
      { kind: "refused", name: "a", error: { code: "provider.refused" } },
      { kind: "accepted" },
    ]);
    expect(dropletNames()).toEqual(["b"]);
  });
});
