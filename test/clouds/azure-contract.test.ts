import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { type AzureRig, openAzureRig } from "../support/azure.ts";
import { aCloudRequest, machinesIn, signal, specOf } from "../support/cloud-requests.ts";
import { type ArmCheck, openArmSchema } from "../support/clouds/arm-schema.ts";
import { findSpec } from "../support/clouds/specs.ts";

/** The official schema of a namespace; a test that wants it is skipped, with the reason, where it is not at hand. */
function schemaOf({ skip }: TestContext, namespace: string): ArmCheck {
  const files: Readonly<Record<string, string>> = {
    "Microsoft.Compute": "2026-03-01_Microsoft.Compute.json",
    "Microsoft.Network": "2025-05-01_Microsoft.Network.NRP.json",
  };
  const spec = findSpec(`azure/${files[namespace]}`);
  if (spec.kind === "missing") return skip(spec.why);
  return openArmSchema(spec.file);
}

const firewall = {
  operators: ["203.0.113.7/32"],
  engineForOperators: true,
  engineForMembers: false,
  publish: [
    {
      protocol: "udp" as const,
      from: 8000,
      to: 8010,
      sources: ["192.0.2.0/24", "198.51.100.0/24"],
      groups: ["workers"],
    },
  ],
};

let rig: AzureRig;
beforeEach(async () => {
  rig = await openAzureRig();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

/** Makes machines in every way that the cluster file allows. */
async function makeAll(): Promise<void> {
  const requests = [
    aCloudRequest("a"),
    aCloudRequest("b", { options: { zones: ["1"], spot: true, diskGiB: 64, publicAddress: false, tags: { x: "y" } } }),
    aCloudRequest("c", { options: { interfaces: "separate", zones: ["2"], diskType: "Premium_LRS" } }),
  ];
  await rig.run(rig.provider.shared?.ensure(specOf(requests, { firewall }), signal) ?? Promise.resolve());
  machinesIn(await rig.run(rig.provider.create(requests, signal)));
}

describe("the bodies of PUT requests", () => {
  for (const namespace of ["Microsoft.Compute", "Microsoft.Network"])
    it(`hold against the official schema of ${namespace}`, async (context) => {
      const check = schemaOf(context, namespace);
      await makeAll();
      const puts = rig.fake.ledger.entries.filter(({ call }) => call.method === "PUT" && call.path.includes(namespace));
      expect(puts.length).toBeGreaterThanOrEqual(3);
      const problems = puts.flatMap(({ call }) => {
        const [, kind = "", name = ""] = /providers\/[^/]+\/(\w+)\/([^/]+)$/.exec(call.path) ?? [];
        return check(`${namespace}/${kind}`, name, call.body);
      });
      expect(problems).toEqual([]);
    });

  it("hold against the official schema of resource groups", async ({ skip }) => {
    const spec = findSpec("azure/2025-04-01_Microsoft.Resources.json");
    if (spec.kind === "missing") return skip(spec.why);
    const check = openArmSchema(spec.file, "subscription_resourceDefinitions");
    await makeAll();
    const puts = rig.fake.ledger.entries.filter(
      ({ call }) => call.method === "PUT" && /\/resourcegroups\/[^/]+$/i.test(call.path),
    );
    expect(puts).toHaveLength(1);
    const type = "Microsoft.Resources/resourceGroups";
    // The schema is that of templates, which must have properties; a request may leave them out.
    const bodyOf = (body: unknown): object => ({ properties: {}, ...(typeof body === "object" ? body : {}) });
    const wrong = puts.flatMap(({ call }) => check(type, call.path.split("/").at(-1) ?? "", bodyOf(call.body)));
    expect(wrong).toEqual([]);
    expect(check(type, "a", bodyOf({ place: "eastus" }))).not.toEqual([]);
  });

  it("would be found wrong if they were", (context) => {
    const check = schemaOf(context, "Microsoft.Compute");
    const body = (osDisk: object) => ({ location: "eastus", properties: { storageProfile: { osDisk } } });
    const type = "Microsoft.Compute/virtualMachines";
    expect(check(type, "a", body({ createOption: "FromImage" }))).toEqual([]);
    expect(check(type, "a", body({ createOption: "fromimage" }))).toHaveLength(1);
    expect(check(type, "a", body({ createOption: "FromImage", deleteOptions: "Delete" }))).toHaveLength(1);
    expect(check(type, "a", body({}))).toHaveLength(1);
  });
});
