import { describe, expect, test } from "vitest";
import { candidatesFor } from "../../../src/providers/azure/candidates.ts";
import { parseImage } from "../../../src/providers/azure/image-names.ts";
import { azure } from "../../../src/providers/azure/index.ts";
import { machineOf } from "../../../src/providers/azure/map.ts";
import { subnetId, subnetPlace } from "../../../src/providers/azure/network-names.ts";
import { azureOptions } from "../../../src/providers/azure/options.ts";
import { policy } from "../../../src/providers/azure/policy.ts";
import { readSettings } from "../../../src/providers/azure/settings.ts";
import { readMarks, tagsFor } from "../../../src/providers/azure/tags.ts";
import { routes } from "../../support/clouds/azure/fake-azure.ts";

describe("options", () => {
  test.each([
    [
      { subnet: "a/b", ipRange: "10.0.0.0/16" },
      "is for a network of the cluster's own; an existing subnet has its range",
    ],
    [{ ipRange: "8.8.8.0/24" }, "must be a private network such as 10.10.0.0/20, from /16 to /26"],
    [{ tags: { "belt-x": "1" } }, "must not begin with belt-"],
    [{ tags: { "a/b": "1" } }, "must be a tag's name: without < > % & \\ ? and /"],
    [{ image: "ubuntu 26" }, "must be ubuntu-lts, publisher:offer:sku:version, or the id of an image"],
    [{ user: "root" }, "is a name that Azure does not allow"],
    [{ location: "West Europe" }, "must be a location's name such as westeurope, in small letters"],
    [{ zones: ["a"] }, "must be a zone: a digit in quotes"],
    [{ userData: "echo hello" }, 'must begin as cloud-init wants it: "#cloud-config", "#!", or a MIME header'],
    [{ subnet: "apps" }, "must be NETWORK/SUBNET, GROUP/NETWORK/SUBNET, or the id of a subnet"],
    [{ regoin: "eastus" }, 'Unrecognized key: "regoin"'],
  ])("%o: %s", (options, message) => {
    const result = azureOptions.safeParse(options);
    const messages = result.error?.issues.flatMap((issue) =>
      issue.code === "invalid_key" ? issue.issues.map((inner) => inner.message) : [issue.message],
    );
    expect(messages).toEqual([message]);
  });

  test("have a default for everything that needs one", () => {
    expect(azureOptions.parse({})).toEqual({
      ...{ location: "eastus", zones: [], size: "Standard_B2s", otherSizes: [], image: "ubuntu-lts" },
      ...{ diskType: "StandardSSD_LRS", user: "belt", publicAddress: true, interfaces: "inline", spot: false },
      ...{ tags: {}, containersReachMetadata: false },
    });
    expect(azure.describe(undefined)).toEqual({ image: "ubuntu-lts", region: "eastus", defaultSize: "Standard_B2s" });
  });
});

describe("a subnet", () => {
  const tenant = { clusterId: "c1", clusterName: "shop" };
  test.each([
    [undefined, "shop/virtualNetworks/belt-shop-net-c1/subnets/machines"],
    ["corp/apps", "shop/virtualNetworks/corp/subnets/apps"],
    ["net/corp/apps", "net/virtualNetworks/corp/subnets/apps"],
    [
      "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/corp/subnets/apps",
      "net/virtualNetworks/corp/subnets/apps",
    ],
  ])("%s is in %s", (subnet, id) => {
    const place = subnetPlace({ ...tenant, options: subnet === undefined ? {} : { subnet } }, "shop");
    expect(subnetId("s", place)).toBe(
      `/subscriptions/s/resourceGroups/${id.replace("/virtual", "/providers/Microsoft.Network/virtual")}`,
    );
  });
});

test("an image is a reference, or the id of one", () => {
  expect(parseImage("Debian:debian-13:13-gen2:latest")).toEqual({
    ...{ publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
  });
  const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/golden";
  expect([parseImage(id), parseImage("ubuntu-lts"), parseImage("a:b:c")]).toEqual([{ id }, undefined, undefined]);
});

describe("where a machine may be made", () => {
  const of = (options: object, size?: string) =>
    candidatesFor({ name: "a", group: "g", size, options }).map((one) => `${one.size} ${one.zone}`);
  test("is its own size in each zone first, then the other sizes", () => {
    const options = { zones: ["2", "3", "1"], size: "A1", otherSizes: ["B1"] };
    expect(of(options)).toEqual(["A1 2", "A1 3", "A1 1", "B1 2", "B1 3", "B1 1"]);
    expect(of(options, "C1")[0]).toBe("C1 2");
    expect(of({ size: "A1" })).toEqual(["A1 undefined"]);
  });
});

const marks = {
  ...{ clusterId: "c1", clusterName: "shop", group: "web", specHash: "5bec", image: "ubuntu-lts", user: "belt" },
  ...{ isPrivate: false, call: "1" },
};
const vm = {
  ...{
    id: "/x",
    name: "node1",
    location: "eastus",
    vmId: "v1",
    provisioningState: "Succeeded",
    tags: { ...tagsFor(marks) },
  },
  ...{ timeCreated: new Date("2026-01-01T00:00:00Z"), hardwareProfile: { vmSize: "Standard_B2s" } },
  storageProfile: { osDisk: { managedDisk: { id: "/disk" } } },
};
const beside = { power: "on" as const, publicAddress: "203.0.113.9", privateAddress: "10.10.0.4", reason: undefined };

describe("a machine", () => {
  test("is read from its tags, and only from those of its cluster", () => {
    expect(readMarks("c1", tagsFor(marks))).toEqual(marks);
    expect(readMarks("c2", tagsFor(marks))).toBeUndefined();
    expect(readMarks("c1", { "belt-cluster-id": "c1" })).toBeUndefined();
  });

  test.each([
    ["Succeeded", {}, "running"],
    ["Succeeded", { power: "off" as const }, "stopped"],
    ["Succeeded", { power: "starting" as const }, "creating"],
    ["Succeeded", { publicAddress: undefined }, "creating"],
    ["Updating", {}, "running"],
    ["Creating", {}, "creating"],
    ["Deleting", {}, "removing"],
    ["Failed", {}, "running"],
    ["Failed", { power: "off" as const }, "stopped"],
  ])("that Azure calls %s, with %o, is %s", (provisioningState, change, kind) => {
    expect(machineOf({ ...vm, provisioningState }, "c1", { ...beside, ...change })?.state.kind).toBe(kind);
  });

  test("that failed without a disk was never made", () => {
    const failed = { ...vm, provisioningState: "Failed", storageProfile: { osDisk: { managedDisk: {} } } };
    expect(machineOf(failed, "c1", { ...beside, reason: "no room" })?.state).toEqual({
      kind: "failed",
      reason: "no room",
    });
  });
});

describe("settings", () => {
  test.each([
    ["", "https://management.azure.com", "https://management.azure.com"],
    [
      "https://management.usgovcloudapi.net/",
      "https://management.usgovcloudapi.net",
      "https://management.usgovcloudapi.net",
    ],
    ["https://proxy.example.com:8443", "https://proxy.example.com:8443", "https://management.azure.com"],
  ])("%s: calls go to %s, tokens are for %s", (text, endpoint, audience) => {
    expect(readSettings({ BELT_AZURE_ENDPOINT: text })).toEqual({ endpoint, audience, subscription: undefined });
  });

  test.each(["http://127.0.0.1:1", "management", "https://me:secret@example.com"])("%s is refused", (text) => {
    expect(() => readSettings({ BELT_AZURE_ENDPOINT: text })).toThrow(
      "BELT_AZURE_ENDPOINT is no URL that begins with https://",
    );
  });
});

test("the policy is a role with what the calls need, and the parts that Azure makes with a machine", () => {
  const { Actions: actions } = JSON.parse(policy);
  expect(new Set(actions).size).toBe(actions.length);
  const needed = new Set(routes.map(({ action }) => action));
  const implied = /\/join\/action$|^Microsoft\.Compute\/disks\/|^Microsoft\.Network\/locations\//;
  expect(actions.filter((action: string) => !implied.test(action)).sort()).toEqual([...needed].sort());
});
