import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { policy } from "../../../src/providers/digitalocean/policy.ts";
import type { FirewallSpec } from "../../../src/providers/firewall-spec.ts";
import { aCloudRequest, machinesIn, signal, someRequests, specOf } from "../../support/cloud-requests.ts";
import { routes } from "../../support/clouds/digitalocean/fake-digitalocean.ts";
import { furtherScopes } from "../../support/clouds/digitalocean/further-scopes.ts";
import { openContract } from "../../support/clouds/open-api.ts";
import { findSpec } from "../../support/clouds/specs.ts";
import { type CloudRig, openCloudRig } from "../../support/digitalocean.ts";

const scopes = policy.split("\n").flatMap((line) => /^[a-z_]+:[a-z]+/.exec(line)?.[0] ?? []);
const firewall: FirewallSpec = {
  operators: ["203.0.113.7/32"],
  engineForMembers: true,
  engineForOperators: true,
  publish: [{ protocol: "tcp", from: 80, to: 80, sources: ["0.0.0.0/0"], groups: ["workers"] }],
};

/** Everything that the provider does in the life of a cluster. */
async function live({ provider, network }: CloudRig): Promise<void> {
  const requests = [
    ...someRequests(3, { options: { ipRange: "10.9.0.0/20", tags: ["team:web"], userData: "#!/bin/sh\n" } }),
    aCloudRequest("mg1", { group: "managers", options: { ipRange: "10.9.0.0/20", image: "docker" } }),
  ];
  const spec = specOf(requests, { firewall });
  expect(await provider.check(spec, signal)).toEqual([]);
  await provider.shared?.ensure(spec, signal);
  const less = { ...firewall, publish: [], engineForOperators: false };
  await provider.shared?.ensure({ ...spec, firewall: less }, signal);
  const machines = machinesIn(await provider.create(requests, signal));
  await network.clock.sleep(60_000, signal);
  const [first] = await provider.list("c1", signal);
  if (!first) throw new Error("nothing was made");
  await provider.power?.restart(first, signal);
  await provider.resize?.resize(first, "4gb", signal);
  await provider.prices?.hourly(spec.requests, signal);
  await provider.clusters?.("shop", signal);
  await provider.remove([first], signal);
  await provider.remove(machines, signal);
  await provider.shared?.remove("c1", signal);
}

test("the policy is enough for the whole life of a cluster, and has nothing that it does not take", async () => {
  await using rig = await openCloudRig({ tokens: { least: scopes }, env: { DIGITALOCEAN_ACCESS_TOKEN: "least" } });
  await rig.run(live(rig));
  expect(rig.fake.left()).toMatchObject({ droplets: [], keys: [], firewalls: [], vpcs: [] });
  const used = rig.fake.ledger.calls().flatMap(({ call }) => {
    const route = routes.find(({ operation }) => operation === call.operation);
    return [...(route?.scopes ?? []), ...furtherScopes(call)];
  });
  // The console adds this one to every token that may look at droplets.
  expect([...new Set([...used, "actions:read"])].sort()).toEqual([...scopes].sort());
});

test("every request is one that the official description of the API takes", async ({ skip }) => {
  const found = findSpec("digitalocean-openapi.json");
  if (found.kind === "missing") return skip(found.why);
  const official = openContract(JSON.parse(readFileSync(found.file, "utf8")));
  await using rig = await openCloudRig();
  await rig.run(live(rig));
  expect(rig.fake.ledger.calls().length).toBeGreaterThan(30);
  expect(rig.fake.ledger.entries.flatMap(official.problemsOf)).toEqual([]);
});
