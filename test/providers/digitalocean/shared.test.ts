import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { FirewallSpec } from "../../../src/providers/firewall-spec.ts";
import type { SharedResources } from "../../../src/providers/provider.ts";
import { aCloudRequest, machinesIn, operatorKey, signal, specOf } from "../../support/cloud-requests.ts";
import { type CloudRig, openCloudRig } from "../../support/digitalocean.ts";

const nothing = { droplets: [], keys: [], tags: [], firewalls: [], vpcs: [] };
const requests = [aCloudRequest("mg1", { group: "managers" }), aCloudRequest("node1")];
const firewall: FirewallSpec = {
  operators: ["203.0.113.7/32"],
  engineForMembers: true,
  engineForOperators: true,
  publish: [
    { protocol: "tcp", from: 80, to: 80, sources: ["0.0.0.0/0"], groups: ["managers", "workers"] },
    { protocol: "udp", from: 8000, to: 8010, sources: ["198.51.100.0/24", "192.0.2.0/24"], groups: ["workers"] },
  ],
};

let rig: CloudRig;
let shared: SharedResources;
beforeEach(async () => {
  rig = await openCloudRig();
  if (!rig.provider.shared) throw new Error("droplets share nothing");
  shared = rig.provider.shared;
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Who a rule of the fake lets in: networks and tags. */
function sourcesIn(sources: unknown): readonly string[] {
  const { addresses, tags } = peers.parse(sources);
  return [...addresses, ...tags];
}
const peers = z.object({ addresses: z.array(z.string()), tags: z.array(z.string()) });

const inspect = (change: Partial<Parameters<typeof specOf>[1]> = { firewall }) =>
  rig.run(shared.inspect(specOf(requests, change), signal));
const ensure = (change: Partial<Parameters<typeof specOf>[1]> = { firewall }) =>
  rig.run(shared.ensure(specOf(requests, change), signal));

describe("what machines share", () => {
  test("is told in the user's words before it is made, and not after", async () => {
    expect(await inspect()).toEqual([
      "make a private network in nyc3",
      "add the cluster's SSH key to the account",
      "open 2377/tcp to the cluster's machines on all machines",
      "open 7946/tcp to the cluster's machines on all machines",
      "open 7946/udp to the cluster's machines on all machines",
      "open 4789/udp to the cluster's machines on all machines",
      "open 2376/tcp to 203.0.113.7/32 on all machines",
      "open 2376/tcp to the cluster's machines on all machines",
      "open 22/tcp to 203.0.113.7/32 on all machines",
      "open 80/tcp to any on all machines",
      "open 8000-8010/udp to 192.0.2.0/24 on workers",
      "open 8000-8010/udp to 198.51.100.0/24 on workers",
    ]);
    expect(rig.fake.left()).toEqual(nothing);
    await ensure();
    expect(await inspect()).toEqual([]);
    expect(rig.fake.left()).toEqual({
      ...{ droplets: [], keys: ["belt-shop-c1"], vpcs: ["belt-shop-nyc3-c1"] },
      ...{ tags: ["belt-cluster-id:c1", "belt-group:c1:workers"], firewalls: ["belt-shop-c1", "belt-shop-workers-c1"] },
    });
  });

  test("is made with as few calls as there are things, and the second time nothing is", async () => {
    await ensure({ firewall: { ...firewall, publish: [] } });
    expect(rig.fake.ledger.counts()).toEqual({
      ...{ "GET /v2/vpcs": 1, "POST /v2/vpcs": 1, "GET /v2/account/keys": 1, "POST /v2/account/keys": 1 },
      ...{ "GET /v2/firewalls": 1, "POST /v2/tags": 1, "POST /v2/firewalls": 1 },
    });
    rig.fake.ledger.clear();
    await ensure({ firewall: { ...firewall, publish: [] } });
    expect(rig.fake.ledger.counts()).toEqual({ "GET /v2/vpcs": 1, "GET /v2/account/keys": 1, "GET /v2/firewalls": 1 });
  });

  test("lets in what the file says and nothing else", async () => {
    await ensure();
    const rules = [...rig.fake.account.firewalls.values()].flatMap(({ name, tags, inbound }) =>
      inbound.map(
        ({ protocol, ports, sources }) => `${name} around ${tags}: ${ports}/${protocol} from ${sourcesIn(sources)}`,
      ),
    );
    expect(rules).toEqual([
      "belt-shop-c1 around belt-cluster-id:c1: 2377/tcp from belt-cluster-id:c1",
      "belt-shop-c1 around belt-cluster-id:c1: 7946/tcp from belt-cluster-id:c1",
      "belt-shop-c1 around belt-cluster-id:c1: 7946/udp from belt-cluster-id:c1",
      "belt-shop-c1 around belt-cluster-id:c1: 4789/udp from belt-cluster-id:c1",
      "belt-shop-c1 around belt-cluster-id:c1: 2376/tcp from 203.0.113.7/32,belt-cluster-id:c1",
      "belt-shop-c1 around belt-cluster-id:c1: 22/tcp from 203.0.113.7/32",
      "belt-shop-c1 around belt-cluster-id:c1: 80/tcp from 0.0.0.0/0",
      "belt-shop-workers-c1 around belt-group:c1:workers: 8000-8010/udp from 192.0.2.0/24,198.51.100.0/24",
    ]);
  });

  test("follows the file, and firewalls that it names no more go", async () => {
    await ensure();
    const less = { operators: ["192.0.2.1/32"], engineForMembers: false, engineForOperators: false, publish: [] };
    expect(await inspect({ firewall: less })).toEqual([
      "open 22/tcp to 192.0.2.1/32 on all machines",
      "close 2376/tcp to 203.0.113.7/32 on all machines",
      "close 2376/tcp to the cluster's machines on all machines",
      "close 22/tcp to 203.0.113.7/32 on all machines",
      "close 80/tcp to any on all machines",
      "close 8000-8010/udp to 192.0.2.0/24 on workers",
      "close 8000-8010/udp to 198.51.100.0/24 on workers",
    ]);
    await ensure({ firewall: less });
    expect(await inspect({ firewall: less })).toEqual([]);
    expect(rig.fake.left().firewalls).toEqual(["belt-shop-c1"]);
  });

  test("keeps everybody out where the file says nothing, but for the machines themselves", async () => {
    await ensure({ firewall: undefined });
    const [only] = rig.fake.account.firewalls.values();
    expect(new Set(only?.inbound.flatMap(({ sources }) => sourcesIn(sources)))).toEqual(
      new Set(["belt-cluster-id:c1"]),
    );
  });

  test("goes away again, and with it the tags of its droplets", async () => {
    await ensure();
    const machines = machinesIn(await rig.run(rig.provider.create(requests, signal)));
    await rig.run(rig.provider.remove(machines, signal));
    await rig.run(shared.remove("c1", signal));
    expect(rig.fake.left()).toEqual(nothing);
    await rig.run(shared.remove("c1", signal));
  });

  test.each(["POST /v2/vpcs", "POST /v2/account/keys", "POST /v2/tags", "POST /v2/firewalls"])(
    "is there once after the reply to %s was lost",
    async (operation) => {
      rig.fake.faults.add({ on: operation, effect: { kind: "lose-reply" } });
      await ensure();
      expect(await inspect()).toEqual([]);
      expect(rig.fake.left()).toMatchObject({
        ...{ keys: ["belt-shop-c1"], vpcs: ["belt-shop-nyc3-c1"] },
        firewalls: ["belt-shop-c1", "belt-shop-workers-c1"],
      });
    },
  );
});

describe("what beltkit did not make", () => {
  test("is used and stays: a key that is in the account, a VPC that the file names, another cluster's parts", async () => {
    const options = { vpc: "belt-shop-nyc3-c0" };
    const neighbor = [aCloudRequest("x", { clusterId: "c0" })];
    await rig.run(shared.ensure(specOf(neighbor, { firewall }), signal));
    const before = rig.fake.left();
    const spec = specOf([aCloudRequest("a", { options })], {
      firewall,
      authorizedKeys: async () => [operatorKey.publicKey],
    });
    await rig.run(shared.ensure(spec, signal));
    expect(rig.fake.left()).toMatchObject({ keys: before.keys, vpcs: before.vpcs });
    const made = machinesIn(await rig.run(rig.provider.create([aCloudRequest("a", { options })], signal)));
    expect(made).toHaveLength(1);
    await rig.run(rig.provider.remove(made, signal));
    await rig.run(shared.remove("c1", signal));
    expect(rig.fake.left()).toEqual(before);
  });
});
