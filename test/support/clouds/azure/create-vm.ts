import { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { imageSkus, offers, ownImage, type Size, sizes } from "./catalog.ts";
import { mustFindGroup } from "./groups.ts";
import { coresUsed } from "./lists.ts";
import { findNetworkPart, subnetRange } from "./networks.ts";
import { openOperation } from "./operations.ts";
import { renderVm } from "./render-vm.ts";
import { accepted, parsed, Refusal } from "./replies.ts";
import { parameter } from "./route.ts";
import { idOf, keyOf, type Resource, type Subscription, uuidOf, type Vm } from "./state.ts";
import { beginLife } from "./vm-life.ts";

const reference = z.object({ id: z.string() });
const tagsSchema = z.record(z.string(), z.string()).default({});

const addressSchema = z.object({
  name: z.string(),
  tags: tagsSchema,
  sku: z.object({ name: z.string() }),
  properties: z.object({ deleteOption: z.string().optional(), publicIPAllocationMethod: z.literal("Static") }),
});

const interfaceSchema = z.object({
  name: z.string(),
  tags: tagsSchema,
  properties: z.object({
    deleteOption: z.string().optional(),
    networkSecurityGroup: reference.optional(),
    ipConfigurations: z
      .array(
        z.object({
          name: z.string(),
          properties: z.object({ subnet: reference, publicIPAddressConfiguration: addressSchema.optional() }),
        }),
      )
      .min(1),
  }),
});

const bodySchema = z.object({
  location: z.string(),
  zones: z.array(z.string()).max(1).default([]),
  tags: tagsSchema,
  properties: z.object({
    hardwareProfile: z.object({ vmSize: z.string() }),
    storageProfile: z.object({
      imageReference: z.object({
        ...{ id: z.string().optional(), publisher: z.string().optional(), offer: z.string().optional() },
        ...{ sku: z.string().optional(), version: z.string().optional() },
      }),
      osDisk: z.object({ createOption: z.literal("FromImage"), deleteOption: z.string().optional() }),
    }),
    osProfile: z.object({
      computerName: z.string().max(64),
      adminUsername: z.string(),
      customData: z.base64().optional(),
      linuxConfiguration: z.object({
        disablePasswordAuthentication: z.literal(true),
        ssh: z.object({ publicKeys: z.array(z.object({ path: z.string(), keyData: z.string() })).min(1) }),
      }),
    }),
    networkProfile: z.object({
      networkApiVersion: z.enum(["2020-11-01", "2022-11-01"]).optional(),
      networkInterfaceConfigurations: z.array(interfaceSchema).optional(),
      networkInterfaces: z.array(reference).optional(),
    }),
  }),
});
type Body = z.infer<typeof bodySchema>;

/** Accepts a machine. One of a name that is taken is refused where the caller says so, and otherwise changed. */
export function createVm(subscription: Subscription, call: Call): Reply {
  const group = mustFindGroup(subscription, parameter(call, "group"));
  const name = parameter(call, "name");
  const key = keyOf(group.name, name);
  if (subscription.vms.has(key)) {
    if (call.headers["if-none-match"] === "*")
      throw new Refusal(412, "PreconditionFailed", "The condition set on the request could not be satisfied.");
    throw new Refusal(409, "PropertyChangeNotAllowed", "Changing property 'osProfile.customData' is not allowed.");
  }
  const body = parsed(bodySchema, call.body);
  check(subscription, body);
  const vm = add(subscription, {
    group: group.name,
    name,
    body,
    properties: z.looseObject({ properties: z.record(z.string(), z.unknown()) }).parse(call.body).properties,
  });
  const operation = openOperation(subscription);
  const { osProfile, storageProfile } = body.properties;
  const network = networkOf(subscription, body, vm);
  beginLife(subscription, vm, {
    operation,
    machine: {
      ...{
        id: String(vm.number),
        name: osProfile.computerName,
        image: storageProfile.imageReference.id === ownImage ? "docker" : "ubuntu",
        size: vm.size,
        network,
      },
      ...{ hasPublicAddress: vm.hasPublicAddress, user: osProfile.adminUsername },
      authorizedKeys: osProfile.linuxConfiguration.ssh.publicKeys.map(({ keyData }) => keyData),
    },
    userData: Buffer.from(osProfile.customData ?? "", "base64").toString(),
  });
  return accepted(call, subscription, operation, { status: 201, body: renderVm(subscription, vm) });
}

function check(subscription: Subscription, { properties, zones }: Body): void {
  const { hardwareProfile, osProfile } = properties;
  const size = sizes.find(({ name }) => name.toLowerCase() === hardwareProfile.vmSize.toLowerCase());
  if (!size) throw invalid(`The value ${hardwareProfile.vmSize} provided for the VM size is not valid.`);
  requireSold(size, zones[0]);
  requireImage(size, properties.storageProfile.imageReference);
  if (["root", "admin"].includes(osProfile.adminUsername))
    throw invalid("The Admin Username specified is not allowed.");
  if (Buffer.from(osProfile.customData ?? "", "base64").length > 65_535)
    throw invalid("Custom data in OSProfile must not exceed 87380 characters.");
  const bad = osProfile.linuxConfiguration.ssh.publicKeys.find(({ keyData }) => !/^ssh-(rsa|ed25519) /.test(keyData));
  if (bad) throw invalid("The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.");
  requireNetwork(subscription, properties.networkProfile);
  requireCores(subscription, size);
}

/** @throws Refusal 409 where the size is not to be had, as it is said since 2023. */
function requireSold({ name, closed, zones }: Size, zone: string | undefined): void {
  const isOpen =
    zone === undefined
      ? closed !== "everywhere"
      : closed !== "everywhere" && zones.includes(zone) && !closed.includes(zone);
  if (isOpen) return;
  const message = `The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: ${name}' is currently not available in location 'eastus'. Please try another size or deploy to a different location or different zone.`;
  throw new Refusal(409, "SkuNotAvailable", message);
}

function requireImage(
  { isArm, generations }: Size,
  image: Body["properties"]["storageProfile"]["imageReference"],
): void {
  if (image.id !== undefined) return;
  const isThere =
    image.publisher === "Canonical" && offers.includes(image.offer ?? "") && imageSkus.includes(image.sku ?? "");
  if (!isThere) {
    const message = `The platform image '${image.publisher}:${image.offer}:${image.sku}:${image.version}' is not available. Verify that all fields in the storage profile are correct.`;
    throw new Refusal(404, "PlatformImageNotFound", message);
  }
  if (isArm !== (image.sku === "server-arm64"))
    throw new Refusal(
      400,
      "BadRequest",
      "Cannot create a VM of this size with the specified image: the CPU architectures differ.",
    );
  if (!generations.includes(image.sku === "server-gen1" ? "V1" : "V2"))
    throw new Refusal(400, "BadRequest", "The selected VM size cannot boot Hypervisor Generation of the image.");
}

type NetworkProfile = Body["properties"]["networkProfile"];

function requireNetwork(subscription: Subscription, profile: NetworkProfile): void {
  const inline = profile.networkInterfaceConfigurations ?? [];
  if (inline.length > 0 && profile.networkApiVersion === undefined)
    throw invalid("Required parameter 'networkApiVersion' is missing (null).");
  if (!subscription.takesInlineAddresses && JSON.stringify(inline).includes("publicIPAddressConfiguration"))
    throw invalid(
      "'publicIPAddressConfiguration' is only supported for Virtual Machines in a Virtual Machine Scale Set with Flexible orchestration.",
    );
  for (const { properties } of inline) {
    const { networkSecurityGroup, ipConfigurations } = properties;
    if (networkSecurityGroup && !findNetworkPart(subscription, networkSecurityGroup.id))
      throw dangling(networkSecurityGroup.id);
    for (const { properties: one } of ipConfigurations)
      if (subnetRange(subscription, one.subnet.id) === undefined) throw dangling(one.subnet.id);
  }
  for (const { id } of profile.networkInterfaces ?? []) {
    const found = findNetworkPart(subscription, id);
    if (!found) throw dangling(id);
    if (found.goesWith !== undefined)
      throw new Refusal(400, "NicInUse", `Network Interface ${id} is used by an existing virtual machine.`);
  }
}

/** Azure's own sentence, and the code that it shares with too many calls. */
function requireCores(subscription: Subscription, { cores }: Size): void {
  const used = coresUsed(subscription);
  if (used + cores <= subscription.cores) return;
  const message = `Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional details - Deployment Model: Resource Manager, Location: eastus, Current Limit: ${subscription.cores}, Current Usage: ${used}, Additional Required: ${cores}, (Minimum) New Limit Required: ${used + cores}. Setup Alerts when Quota reaches threshold.`;
  throw new Refusal(409, "OperationNotAllowed", message);
}

interface Wanted {
  readonly group: string;
  readonly name: string;
  readonly body: Body;
  readonly properties: Readonly<Record<string, unknown>>;
}

function add(subscription: Subscription, { group, name, body, properties }: Wanted): Vm {
  subscription.counters.vm += 1;
  const number = subscription.counters.vm;
  const { networkProfile, hardwareProfile } = body.properties;
  const [inline] = networkProfile.networkInterfaceConfigurations ?? [];
  const [separate] = networkProfile.networkInterfaces ?? [];
  const separateNic = separate && findNetworkPart(subscription, separate.id);
  const address = inline?.properties.ipConfigurations[0]?.properties.publicIPAddressConfiguration;
  const vm: Vm = {
    ...{ number, vmId: uuidOf(number), group, name, location: body.location, zone: body.zones[0], tags: body.tags },
    ...{ size: hardwareProfile.vmSize, properties, interfaceName: inline?.name ?? separateNic?.name ?? "" },
    hasPublicAddress:
      address !== undefined || JSON.stringify(separateNic?.properties ?? {}).includes("publicIPAddress"),
    ...{ state: "Creating", power: "none", hasDisk: false, failure: undefined },
    ...{ madeMs: subscription.agenda.nowMs(), behind: Promise.resolve() },
  };
  subscription.vms.set(keyOf(group, name), vm);
  const put = (kind: Resource["kind"], own: string, tags: Resource["tags"], more: Resource["properties"]): void => {
    const now = subscription.agenda.nowMs();
    const part = {
      kind,
      group,
      name: own,
      location: body.location,
      tags,
      properties: more,
      madeMs: now,
      readyMs: now,
      goesWith: number,
    };
    subscription.resources.set(keyOf(group, kind, own), part);
  };
  if (inline) put("networkInterfaces", inline.name, inline.tags, inline.properties);
  if (address) put("publicIPAddresses", address.name, address.tags, address.properties);
  if (separateNic) separateNic.goesWith = number;
  const ip =
    separateNic &&
    subscription.resources.get(keyOf(group, "publicIPAddresses", separateNic.name.replace(/-nic$/, "-ip")));
  if (ip) ip.goesWith = number;
  put("disks", `${name}_OsDisk_1`, {}, {});
  return vm;
}

/** The network that a machine is in, for what stands behind it. */
function networkOf(subscription: Subscription, body: Body, vm: Vm): { readonly id: string; readonly range: string } {
  const nic = subscription.resources.get(keyOf(vm.group, "networkInterfaces", vm.interfaceName));
  const schema = z.object({ ipConfigurations: z.array(z.object({ properties: z.object({ subnet: reference }) })) });
  const [first] = schema.parse(nic?.properties ?? {}).ipConfigurations;
  const id = first?.properties.subnet.id ?? "";
  const range = subnetRange(subscription, id);
  if (range === undefined) throw dangling(idOf(subscription, vm.group, body.location));
  const [, network = "net"] = /virtualNetworks\/([^/]+)\//i.exec(id) ?? [];
  return {
    id: network
      .slice(-12)
      .replaceAll(/[^a-z0-9]/gi, "")
      .toLowerCase(),
    range,
  };
}

function invalid(message: string): Refusal {
  return new Refusal(400, "InvalidParameter", message);
}

function dangling(id: string): Refusal {
  const message = `Resource ${id} referenced by resource was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`;
  return new Refusal(400, "InvalidResourceReference", message);
}
