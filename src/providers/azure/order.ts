import { buildUserData } from "../cloud/user-data.ts";
import { refuseSecrets } from "../cloud/user-data-problems.ts";
import type { MachineRequest } from "../provider.ts";
import type { Candidate } from "./candidates.ts";
import type { ImageReference } from "./image-names.ts";
import { networkId, securityGroupName, subnetId, subnetPlace } from "./network-names.ts";
import { type AzureOptions, optionsOf } from "./options.ts";
import type { VmBody } from "./sdk.ts";
import { tagsFor } from "./tags.ts";
import { userDataLimit } from "./user-data-limit.ts";

/** What a machine is made of. */
export interface Order {
  readonly request: MachineRequest;
  readonly candidate: Candidate;
  /** What tells the machines of this call from those of any other. */
  readonly call: string;
  readonly image: ImageReference;
  readonly subscription: string;
  readonly resourceGroup: string;
}

/** All tags of a machine: what marks it as one, and the user's own. */
export function tagsOf({ request, call }: Pick<Order, "request" | "call">): Record<string, string> {
  const { image, user, publicAddress, tags } = optionsOf(request.options);
  const { clusterId, clusterName, group, specHash } = request;
  const marks = { clusterId, clusterName, group, specHash, image, user };
  return { ...tags, ...tagsFor({ ...marks, isPrivate: !publicAddress, call }) };
}

/**
 * The body of a machine's PUT. Its disk, interface and public address go with it. User data travels as custom data, which is
 * not to be read from the metadata address. Source: Azure's REST reference, Virtual Machines, Create Or Update.
 */
export function bodyOf(order: Order, env: Readonly<Record<string, string | undefined>>): VmBody {
  const { request, candidate, image } = order;
  const options = optionsOf(request.options);
  const { diskType, diskGiB, spot, location } = options;
  return {
    location,
    tags: tagsOf(order),
    ...(candidate.zone === undefined ? {} : { zones: [candidate.zone] }),
    hardwareProfile: { vmSize: candidate.size },
    storageProfile: {
      imageReference: { ...image },
      osDisk: {
        ...{ createOption: "FromImage", deleteOption: "Delete", managedDisk: { storageAccountType: diskType } },
        ...(diskGiB === undefined ? {} : { diskSizeGB: diskGiB }),
      },
    },
    osProfile: osProfileOf(request, options, env),
    networkProfile: options.interfaces === "inline" ? inlineNetwork(order) : separateNetwork(order),
    ...(spot ? { priority: "Spot", evictionPolicy: "Deallocate", billingProfile: { maxPrice: -1 } } : {}),
  };
}

/** The names of what a machine brings along. */
export function partNames(name: string): { readonly nic: string; readonly ip: string } {
  return { nic: `${name}-nic`, ip: `${name}-ip` };
}

/** Azure takes keys of some kinds only, and wants one; the cluster's own is of such a kind. All the others come by cloud-init. */
function osProfileOf(
  request: MachineRequest,
  { user, userData, containersReachMetadata }: AzureOptions,
  env: Readonly<Record<string, string | undefined>>,
): NonNullable<VmBody["osProfile"]> {
  refuseSecrets(userData, env, userDataLimit);
  const [own = "", ...others] = request.authorizedKeys;
  const parts = {
    hostKey: request.hostKey,
    own: userData,
    containersReachMetadata,
    authorizedKeys: others,
    limit: userDataLimit,
  };
  return {
    ...{ computerName: request.name, adminUsername: user },
    customData: Buffer.from(buildUserData(parts)).toString("base64"),
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: `/home/${user}/.ssh/authorized_keys`, keyData: own.trim() }] },
    },
  };
}

/** The interface and the public address within the machine's own PUT: one call instead of three. */
function inlineNetwork(order: Order): NonNullable<VmBody["networkProfile"]> {
  const { request } = order;
  const names = partNames(request.name);
  const tags = tagsOf(order);
  const publicAddress = {
    ...{ name: names.ip, deleteOption: "Delete", publicIPAllocationMethod: "Static", tags },
    sku: { name: "Standard", tier: "Regional" },
  };
  const { publicAddress: isPublic } = optionsOf(request.options);
  return {
    networkApiVersion: "2022-11-01",
    networkInterfaceConfigurations: [
      {
        ...{ name: names.nic, primary: true, deleteOption: "Delete", tags },
        networkSecurityGroup: { id: securityGroupId(order) },
        ipConfigurations: [
          {
            ...{ name: "primary", primary: true, subnet: { id: subnetOf(order) } },
            ...(isPublic ? { publicIPAddressConfiguration: publicAddress } : {}),
          },
        ],
      },
    ],
  };
}

function separateNetwork({ request, subscription, resourceGroup }: Order): NonNullable<VmBody["networkProfile"]> {
  const id = networkId(subscription, resourceGroup, `networkInterfaces/${partNames(request.name).nic}`);
  return { networkInterfaces: [{ id, primary: true, deleteOption: "Delete" }] };
}

/** The id of the security group around a machine. */
export function securityGroupId({ request, subscription, resourceGroup }: Order): string {
  const name = securityGroupName(request, request.group);
  return networkId(subscription, resourceGroup, `networkSecurityGroups/${name}`);
}

/** The id of the subnet that a machine lives in. */
export function subnetOf({ request, subscription, resourceGroup }: Order): string {
  return subnetId(subscription, subnetPlace(request, resourceGroup));
}
