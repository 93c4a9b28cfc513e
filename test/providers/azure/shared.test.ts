import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { policy } from "../../../src/providers/azure/policy.ts";
import type { FirewallSpec } from "../../../src/providers/firewall-spec.ts";
import type { SharedResources } from "../../../src/providers/provider.ts";
import { type AzureRig, openAzureOn, openAzureRig, untilAll } from "../../support/azure.ts";
import { aCloudRequest, machinesIn, signal, specOf } from "../../support/cloud-requests.ts";

const nothing = { groups: [], machines: [], parts: [] };
const requests = [aCloudRequest("mg1", { group: "managers" }), aCloudRequest("node1")];
const firewall: FirewallSpec = {
  operators: ["203.0.113.7/32"],
  engineForOperators: true,
  engineForMembers: false,
  publish: [
    { protocol: "tcp", from: 80, to: 80, sources: ["0.0.0.0/0"], groups: ["managers", "workers"] },
    { protocol: "udp", from: 8000, to: 8010, sources: ["198.51.100.0/24", "192.0.2.0/24"], groups: ["workers"] },
  ],
};
const parts = (name: string) => [
  `networkSecurityGroups/belt-${name}-managers-c1`,
  `networkSecurityGroups/belt-${name}-workers-c1`,
  `virtualNetworks/belt-${name}-net-c1`,
];

let rig: AzureRig;
let shared: SharedResources;
beforeEach(async () => {
  rig = await openAzureRig();
  if (!rig.provider.shared) throw new Error("machines share nothing");
  shared = rig.provider.shared;
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

type Change = Partial<Parameters<typeof specOf>[1]>;
const inspect = (change: Change = { firewall }) => rig.run(shared.inspect(specOf(requests, change), signal));
const ensure = (change: Change = { firewall }) => rig.run(shared.ensure(specOf(requests, change), signal));

const ruleSchema = z.array(
  z.object({
    properties: z.object({
      ...{ protocol: z.string(), access: z.string(), priority: z.int(), destinationPortRange: z.string() },
      ...{ sourceAddressPrefix: z.string().optional(), sourceAddressPrefixes: z.array(z.string()).optional() },
    }),
  }),
);

describe("what machines share", () => {
  test("is told in the user's words before it is made, and not after", async () => {
    const around = (group: string) => [
      `open 2377/tcp to the cluster's machines on ${group}`,
      `open 7946/tcp to the cluster's machines on ${group}`,
      `open 7946/udp to the cluster's machines on ${group}`,
      `open 4789/udp to the cluster's machines on ${group}`,
      `open 22/tcp to 203.0.113.7/32 on ${group}`,
      `open 2376/tcp to 203.0.113.7/32 on ${group}`,
      `open 80/tcp to any on ${group}`,
    ];
    expect(await inspect()).toEqual([
      "make the resource group belt-shop-c1 in eastus",
      "make a private network with 10.10.0.0/20",
      ...around("managers"),
      ...around("workers"),
      "open 8000-8010/udp to 192.0.2.0/24 on workers",
      "open 8000-8010/udp to 198.51.100.0/24 on workers",
    ]);
    expect(rig.fake.left()).toEqual(nothing);
    await ensure();
    expect(await inspect()).toEqual([]);
    expect(rig.fake.left()).toEqual({ groups: ["belt-shop-c1"], machines: [], parts: parts("shop") });
  });

  test("is made with one call a thing, and the second time nothing is", async () => {
    await ensure();
    const puts = rig.fake.ledger.entries.filter(({ call }) => call.method === "PUT");
    expect(puts).toHaveLength(4);
    rig.fake.ledger.clear();
    await ensure();
    expect(rig.fake.ledger.entries.map(({ call }) => call.method)).toEqual(["GET", "GET", "GET"]);
  });

  test("lets in what the file says and nothing else", async () => {
    await ensure();
    const group = rig.fake.subscription.resources.get("belt-shop-c1/networksecuritygroups/belt-shop-workers-c1");
    const rules = ruleSchema.parse(group?.properties["securityRules"]).map(({ properties: rule }) => {
      const from = rule.sourceAddressPrefix ?? rule.sourceAddressPrefixes?.join();
      return `${rule.priority} ${rule.access} ${rule.destinationPortRange}/${rule.protocol} from ${from}`;
    });
    expect(rules).toEqual([
      "100 Allow 2377/Tcp from 10.10.0.0/20",
      "101 Allow 7946/Tcp from 10.10.0.0/20",
      "102 Allow 7946/Udp from 10.10.0.0/20",
      "103 Allow 4789/Udp from 10.10.0.0/20",
      "104 Allow 22/Tcp from 203.0.113.7/32",
      "105 Allow 2376/Tcp from 203.0.113.7/32",
      "106 Allow 80/Tcp from *",
      "107 Allow 8000-8010/Udp from 192.0.2.0/24,198.51.100.0/24",
      "108 Allow */Esp from 10.10.0.0/20",
      "4096 Deny */* from *",
    ]);
  });

  test("follows the file, around machines that are there", async () => {
    await ensure();
    machinesIn(await rig.run(rig.provider.create(requests, signal)));
    const less = {
      operators: ["192.0.2.1/32"],
      engineForOperators: false,
      engineForMembers: false,
      publish: firewall.publish.slice(0, 1),
    };
    expect(await inspect({ firewall: less })).toContain("close 8000-8010/udp to 192.0.2.0/24 on workers");
    await ensure({ firewall: less });
    expect(await inspect({ firewall: less })).toEqual([]);
  });

  test("goes away again with its resource group, in one call", async () => {
    await ensure();
    const machines = machinesIn(await rig.run(rig.provider.create(requests, signal)));
    await rig.run(rig.provider.remove(machines, signal));
    rig.fake.ledger.clear();
    await rig.run(shared.remove("c1", signal));
    expect(rig.fake.left()).toEqual(nothing);
    expect(rig.fake.ledger.entries.filter(({ call }) => call.method === "DELETE")).toHaveLength(1);
    await rig.run(shared.remove("c1", signal));
  });

  test.each(["PUT /resourceGroups/{group}", "networkSecurityGroups", "virtualNetworks"])(
    "is there once after the reply to %s was lost",
    async (words) => {
      rig.fake.faults.add({
        on: ({ method, operation }) => method === "PUT" && operation.includes(words),
        effect: { kind: "lose-reply" },
      });
      await ensure();
      expect(await inspect()).toEqual([]);
      expect(rig.fake.left().parts).toEqual(parts("shop"));
    },
  );
});

describe("what beltkit did not make", () => {
  const put = (group: string, kind: string, name: string, properties: object = {}) =>
    rig.fake.subscription.resources.set(`${group}/${kind}/${name}`.toLowerCase(), {
      ...{
        kind: kind === "virtualNetworks" ? "virtualNetworks" : "publicIPAddresses",
        group,
        name,
        location: "eastus",
      },
      ...{ tags: {}, properties: { ...properties }, madeMs: 0, readyMs: 0, goesWith: undefined },
    });
  const theirs = () =>
    rig.fake.subscription.groups.set("theirs", { name: "theirs", location: "eastus", tags: {}, state: "Succeeded" });
  const subnets = [{ name: "apps", properties: { addressPrefix: "10.77.0.0/24" } }];

  test("is used and stays: a resource group and a subnet that the file names", async () => {
    theirs();
    put("theirs", "virtualNetworks", "corp", { subnets });
    put("theirs", "publicIPAddresses", "web-ip");
    const before = rig.fake.left();
    const options = { resourceGroup: "theirs", subnet: "corp/apps" };
    const own = requests.map((request) => ({ ...request, options }));
    await rig.run(shared.ensure(specOf(own, { firewall }), signal));
    const made = machinesIn(await rig.run(rig.provider.create(own, signal)));
    const listed = await rig.run(rig.provider.list("c1", signal));
    expect(listed.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    await rig.run(rig.provider.remove(listed, signal));
    await rig.run(shared.remove("c1", signal));
    expect(rig.fake.left()).toEqual(before);
  });

  test("is found by the tag, by a run that knows nothing of the file", async () => {
    theirs();
    const own = requests.map((request) => ({ ...request, options: { resourceGroup: "theirs" } }));
    await rig.run(shared.ensure(specOf(own), signal));
    machinesIn(await rig.run(rig.provider.create(own, signal)));
    await rig.run(rig.network.clock.sleep(120_000, signal));
    const next = await openAzureOn(rig.fake, rig.network.clock);
    expect(await rig.run(next.list("c1", signal))).toHaveLength(2);
    expect(await rig.run(next.clusters?.("shop", signal) ?? Promise.resolve([]))).toEqual(["c1"]);
    expect(await rig.run(next.clusters?.("other", signal) ?? Promise.resolve([]))).toEqual([]);
  });

  test("keeps the cluster's own resource group from being deleted", async () => {
    await ensure();
    put("belt-shop-c1", "publicIPAddresses", "precious");
    await expect(rig.run(shared.remove("c1", signal))).rejects.toMatchObject({
      code: "guard.removal",
      message: "the resource group belt-shop-c1 holds what beltkit did not make: precious",
    });
    expect(rig.fake.left().groups).toEqual(["belt-shop-c1"]);
  });
});

test("everything is allowed by the policy, from the first look to the last", async () => {
  const { Actions: role } = z.object({ Actions: z.array(z.string()) }).parse(JSON.parse(policy));
  await using narrow = await openAzureRig({ role });
  const { provider, run } = narrow;
  const own = [aCloudRequest("a"), aCloudRequest("b", { options: { interfaces: "separate" } })];
  const spec = specOf(own, { firewall });
  expect(await run(provider.check(spec, signal))).toEqual([]);
  await run(provider.shared?.ensure(spec, signal) ?? Promise.resolve());
  machinesIn(await run(provider.create(own, signal)));
  const machines = await run(untilAll(narrow, 2, ({ state }) => state.kind === "running"));
  const [machine] = machines;
  if (!machine) throw new Error("there is none");
  for (const verb of ["restart", "stop", "start"] as const)
    await run(provider.power?.[verb](machine, signal) ?? Promise.resolve());
  await run(provider.resize?.resize(machine, "Standard_B4ms", signal) ?? Promise.resolve());
  await run(provider.clusters?.("shop", signal) ?? Promise.resolve([]));
  await run(provider.remove(machines, signal));
  await run(provider.shared?.remove("c1", signal) ?? Promise.resolve());
  expect(narrow.fake.left()).toEqual(nothing);
});
