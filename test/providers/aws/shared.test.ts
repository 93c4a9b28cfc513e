import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FirewallSpec } from "../../../src/providers/firewall-spec.ts";
import type { ProviderSpec, SharedResources } from "../../../src/providers/provider.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import { type AwsRig, openAwsRig } from "../../support/aws.ts";
import { aCloudRequest, machinesIn, signal, specOf } from "../../support/cloud-requests.ts";

const nothing = { instances: [], keys: [], groups: [], vpcs: [], subnets: [], gateways: [] };
const options = { zones: ["a", "c"] };
const requests = [aCloudRequest("mg1", { group: "managers", options }), aCloudRequest("node1", { options })];
const firewall: FirewallSpec = {
  operators: ["203.0.113.7/32"],
  engineForMembers: true,
  engineForOperators: true,
  publish: [
    { protocol: "tcp", from: 80, to: 80, sources: ["0.0.0.0/0"], groups: ["managers", "workers"] },
    { protocol: "udp", from: 8000, to: 8010, sources: ["198.51.100.0/24", "192.0.2.0/24"], groups: ["workers"] },
  ],
};

let rig: AwsRig;
let shared: SharedResources;
beforeEach(async () => {
  rig = await openAwsRig();
  if (!rig.provider.shared) throw new Error("instances share nothing");
  shared = rig.provider.shared;
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

const inspect = (change: Partial<ProviderSpec> = { firewall }) =>
  rig.run(shared.inspect(specOf(requests, change), signal));
const ensure = (change: Partial<ProviderSpec> = { firewall }) =>
  rig.run(shared.ensure(specOf(requests, change), signal));
const rules = () =>
  [...rig.fake.account.groups.values()].flatMap(({ name, id, rules }) =>
    rules.map(
      ({ protocol, from, to, source }) =>
        `${name}: ${protocol} ${from ?? ""}-${to ?? ""} from ${source.value === id ? "itself" : source.value}`,
    ),
  );

describe("what machines share", () => {
  test("is told in the user's words before it is made, and not after", async () => {
    expect(await inspect()).toEqual([
      "make a private network with 10.200.0.0/16",
      "add the cluster's SSH key to the region",
      "open 2377/tcp to the cluster's machines on all machines",
      "open 7946/tcp to the cluster's machines on all machines",
      "open 7946/udp to the cluster's machines on all machines",
      "open 4789/udp to the cluster's machines on all machines",
      "open 2376/tcp to 203.0.113.7/32 on all machines",
      "open 2376/tcp to the cluster's machines on all machines",
      "open 22/tcp to 203.0.113.7/32 on all machines",
      "open 80/tcp to any on all machines",
      "open esp to the cluster's machines on all machines",
      "open 8000-8010/udp to 192.0.2.0/24 on workers",
      "open 8000-8010/udp to 198.51.100.0/24 on workers",
    ]);
    expect(rig.fake.left()).toEqual(nothing);
    await ensure();
    expect(await inspect()).toEqual([]);
    expect(rig.fake.left()).toEqual({
      ...{ instances: [], keys: ["belt-shop-c1"], groups: ["belt-shop-c1", "belt-shop-workers-c1"] },
      ...{ vpcs: ["belt-shop-c1"], subnets: ["us-east-1a", "us-east-1c"], gateways: [expect.stringMatching(/^vpc-/)] },
    });
  });

  test("is made with as few calls as there are things, all rules in one, and the second time nothing is", async () => {
    await ensure({ firewall: { ...firewall, publish: [] } });
    const looks = {
      ...{ DescribeVpcs: 1, DescribeSubnets: 1, DescribeInternetGateways: 1 },
      ...{ DescribeKeyPairs: 1, DescribeSecurityGroups: 1 },
    };
    expect(rig.fake.ledger.counts()).toEqual({
      ...{ ...looks, DescribeRouteTables: 1, CreateVpc: 1, CreateSubnet: 2, CreateInternetGateway: 1, CreateRoute: 1 },
      ...{ AttachInternetGateway: 1, ImportKeyPair: 1, CreateSecurityGroup: 1, AuthorizeSecurityGroupIngress: 1 },
    });
    rig.fake.ledger.clear();
    await ensure({ firewall: { ...firewall, publish: [] } });
    expect(rig.fake.ledger.counts()).toEqual({ ...looks, DescribeRouteTables: 1 });
  });

  test("lets in what the file says and nothing else", async () => {
    await ensure();
    expect(rules()).toEqual([
      "belt-shop-c1: tcp 2377-2377 from itself",
      "belt-shop-c1: tcp 7946-7946 from itself",
      "belt-shop-c1: udp 7946-7946 from itself",
      "belt-shop-c1: udp 4789-4789 from itself",
      "belt-shop-c1: tcp 2376-2376 from 203.0.113.7/32",
      "belt-shop-c1: tcp 2376-2376 from itself",
      "belt-shop-c1: tcp 22-22 from 203.0.113.7/32",
      "belt-shop-c1: tcp 80-80 from 0.0.0.0/0",
      "belt-shop-c1: 50 - from itself",
      "belt-shop-workers-c1: udp 8000-8010 from 192.0.2.0/24",
      "belt-shop-workers-c1: udp 8000-8010 from 198.51.100.0/24",
    ]);
    const machines = machinesIn(await rig.run(rig.provider.create(requests, signal)));
    const worn = machines.map(({ id }) => rig.fake.account.instances.get(id)?.groupIds.length);
    expect(worn).toEqual([1, 2]);
  });

  test("follows the file: what it names no more lets nobody in", async () => {
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
    expect(rules().filter((rule) => rule.includes("workers"))).toEqual([]);
  });

  test("keeps everybody out where the file says nothing, but for the machines themselves", async () => {
    await ensure({ firewall: undefined });
    expect(rules().every((rule) => rule.endsWith("from itself"))).toBe(true);
  });

  test("gets the key that the cluster has now", async () => {
    await ensure();
    const { publicKey } = generateKeyPair("new");
    await ensure({ firewall, authorizedKeys: async () => [publicKey] });
    expect([...rig.fake.account.keys.values()].map((key) => key.publicKey)).toEqual([
      publicKey.trim().split(" ").slice(0, 2).join(" "),
    ]);
  });

  test("goes away again as soon as nothing uses it, and is gone the second time", async () => {
    await ensure();
    const machines = machinesIn(await rig.run(rig.provider.create(requests, signal)));
    await rig.run(rig.network.clock.sleep(60_000, signal));
    await rig.run(rig.provider.remove(machines, signal));
    await rig.run(shared.remove("c1", signal));
    expect(rig.fake.left()).toEqual(nothing);
    await rig.run(shared.remove("c1", signal));
  });

  test.each([
    ...["CreateVpc", "CreateSubnet", "CreateInternetGateway", "AttachInternetGateway", "CreateRoute"],
    ...["ImportKeyPair", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress"],
  ])("is there once after the reply to %s was lost", async (operation) => {
    Object.assign(rig.fake.timings, { partsMs: 2000 });
    rig.fake.faults.add({ on: operation, effect: { kind: "lose-reply" } });
    await ensure();
    await rig.run(rig.network.clock.sleep(5000, signal));
    expect(await inspect()).toEqual([]);
    expect(rig.fake.left()).toMatchObject({
      ...{ keys: ["belt-shop-c1"], vpcs: ["belt-shop-c1"], subnets: ["us-east-1a", "us-east-1c"] },
      ...{ gateways: { length: 1 }, groups: ["belt-shop-c1", "belt-shop-workers-c1"] },
    });
  });

  test.each(["DeleteSecurityGroup", "DeleteSubnet", "DetachInternetGateway", "DeleteInternetGateway", "DeleteVpc"])(
    "is gone after the reply to %s was lost",
    async (operation) => {
      await ensure();
      rig.fake.faults.add({ on: operation, effect: { kind: "lose-reply" } });
      await rig.run(shared.remove("c1", signal));
      expect(rig.fake.left()).toEqual(nothing);
    },
  );

  test("goes on where a command was killed in the middle", async () => {
    for (const operation of ["CreateSubnet", "CreateInternetGateway", "CreateRoute", "AuthorizeSecurityGroupIngress"]) {
      const held = rig.fake.faults.hold(operation, "before");
      const dying = new AbortController();
      const work = shared.ensure(specOf(requests, { firewall }), dying.signal);
      await held.arrived;
      dying.abort(new Error("killed"));
      await expect(work).rejects.toThrow("killed");
      held.release();
      await rig.run(rig.network.clock.sleep(1000, signal));
    }
    await ensure();
    expect(await inspect()).toEqual([]);
    expect(rig.fake.left()).toMatchObject({ vpcs: { length: 1 }, gateways: { length: 1 }, keys: { length: 1 } });
  });
});

describe("what beltkit did not make", () => {
  test("is used and stays: the default VPC, subnets that the file names", async () => {
    const subnets = [...rig.fake.account.subnets.values()];
    const some = subnets.slice(0, 2).map(({ id }) => id);
    for (const block of [{ vpc: "default" }, { subnets: some }, { subnets: some, publicAddress: false }]) {
      const own = ["x", "y"].map((name) => aCloudRequest(name, { options: block }));
      expect(await rig.run(rig.provider.check(specOf(own), signal))).toEqual([]);
      await rig.run(shared.ensure(specOf(own), signal));
      const made = machinesIn(await rig.run(rig.provider.create(own, signal)));
      expect(made.map(({ zone }) => zone)).toEqual(["us-east-1a", "us-east-1a"]);
      await rig.run(rig.network.clock.sleep(60_000, signal));
      expect((await rig.run(rig.provider.list("c1", signal))).every(({ state }) => state.kind === "running")).toBe(
        true,
      );
      await rig.run(rig.provider.remove(made, signal));
      await rig.run(shared.remove("c1", signal));
      expect(rig.fake.left()).toEqual(nothing);
      expect([...rig.fake.account.subnets.values()]).toEqual(subnets);
    }
  });

  test("another cluster's parts stay", async () => {
    await rig.run(shared.ensure(specOf([aCloudRequest("x", { clusterId: "c0" })], { firewall }), signal));
    const before = rig.fake.left();
    await ensure();
    await rig.run(shared.remove("c1", signal));
    expect(rig.fake.left()).toEqual(before);
  });
});
