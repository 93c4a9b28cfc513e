import { createHash } from "node:crypto";
import type { Action } from "./action.ts";
import { images, types } from "./catalog.ts";
import { instanceXml } from "./instances.ts";
import { beginLife, nextInstanceId } from "./life.ts";
import type { Query } from "./query.ts";
import { invalid, Refusal } from "./refusal.ts";
import { type Account, type Instance, mustFind, nextId, tagsIn } from "./state.ts";

/** 16 KiB, before it is encoded. */
const mostUserDataBytes = 16_384;

/**
 * Launches up to as many instances as are wanted, and at least as few as will do. The same token with the same parameters means
 * the same instances, whatever has become of them.
 */
export const runInstances: Action = (account, query) => {
  const token = query.find("ClientToken") ?? nextId(account, "token");
  if (!/^[\x20-\x7e]{1,64}$/.test(token)) throw invalid("InvalidParameterValue", "Invalid client token");
  const parameters = digestOf(query);
  const known = account.tokens.get(token);
  if (known && known.parameters !== parameters)
    throw invalid(
      "IdempotentParameterMismatch",
      "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
    );
  const ids = known?.ids ?? launchAll(account, query, token);
  account.tokens.set(token, { parameters, ids });
  const instances = ids.flatMap((id) => account.instances.get(id) ?? []);
  const reservationId = `r-${ids[0]?.slice(2) ?? ""}`;
  return { reservationId, ownerId: "123456789012", instancesSet: instances.map((one) => instanceXml(account, one)) };
};

function digestOf(query: Query): string {
  return createHash("sha256").update(query.fingerprint()).digest("hex");
}

function launchAll(account: Account, query: Query, token: string): readonly string[] {
  const plan = check(account, query);
  const count = Math.min(query.number("MaxCount") ?? 1, plan.room);
  const made: Instance[] = [];
  for (let index = 0; index < count; index += 1) made.push(launchOne(account, query, { ...plan, token, index }));
  return made.map(({ id }) => id);
}

interface Plan {
  readonly type: string;
  readonly zone: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly groupIds: readonly string[];
  readonly imageId: string;
  /** How many there is room for. */
  readonly room: number;
}

function check(account: Account, query: Query): Plan {
  const type = types.find(({ name }) => name === query.text("InstanceType"));
  if (!type)
    throw invalid(
      "InvalidInstanceType",
      `The following supplied instance types do not exist: [${query.text("InstanceType")}]`,
    );
  const image = images.find(({ id }) => id === query.text("ImageId"));
  if (!image) throw invalid("InvalidAMIID.NotFound", `The image id '[${query.text("ImageId")}]' does not exist`);
  if (image.architecture !== type.architecture)
    throw invalid(
      "InvalidParameterValue",
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI.`,
    );
  const [face] = query.items("NetworkInterface");
  const subnet = mustFind(
    account,
    account.subnets,
    face?.text("SubnetId") ?? query.text("SubnetId"),
    "InvalidSubnetID.NotFound",
  );
  const groupIds = face?.texts("SecurityGroupId") ?? query.texts("SecurityGroupId");
  for (const id of groupIds) mustFind(account, account.groups, id, "InvalidGroup.NotFound");
  const keyName = query.find("KeyName");
  if (keyName !== undefined && !account.keys.has(keyName))
    throw invalid("InvalidKeyPair.NotFound", `The key pair '${keyName}' does not exist`);
  checkSizes(query, image.diskGiB);
  const letter = subnet.zone.slice(-1);
  if (type.zones && !type.zones.includes(letter))
    throw invalid(
      "Unsupported",
      `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${subnet.zone}).`,
    );
  const room = roomFor(account, query, { name: type.name, vcpus: type.vcpus, zone: subnet.zone });
  const place = { zone: subnet.zone, vpcId: subnet.vpcId, subnetId: subnet.id };
  return { type: type.name, ...place, groupIds, imageId: image.id, room };
}

function checkSizes(query: Query, leastDisk: number): void {
  if (Buffer.from(query.find("UserData") ?? "", "base64").length > mostUserDataBytes)
    throw invalid("InvalidParameterValue", "User data is limited to 16384 bytes");
  const disk = query.items("BlockDeviceMapping")[0]?.number("Ebs", "VolumeSize");
  if (disk !== undefined && disk < leastDisk)
    throw invalid(
      "InvalidBlockDeviceMapping",
      `Volume of size ${disk}GB is smaller than snapshot, expect size >= ${leastDisk}GB`,
    );
}

function roomFor(
  account: Account,
  query: Query,
  type: { readonly name: string; readonly vcpus: number; readonly zone: string },
): number {
  const [least, most] = [query.number("MinCount") ?? 1, query.number("MaxCount") ?? 1];
  const used = [...account.instances.values()]
    .filter(({ state }) => state !== "terminated" && state !== "stopped")
    .reduce((sum, one) => sum + (types.find(({ name }) => name === one.type)?.vcpus ?? 0), 0);
  if (used + most * type.vcpus > account.vcpuQuota)
    throw invalid(
      "VcpuLimitExceeded",
      `You have requested more vCPU capacity than your current vCPU limit of ${account.vcpuQuota} allows for the instance bucket that the specified instance type belongs to.`,
    );
  const room = account.roomIn(type.zone, type.name);
  if (room < least)
    throw new Refusal(
      500,
      "InsufficientInstanceCapacity",
      `We currently do not have sufficient ${type.name} capacity in the Availability Zone you requested (${type.zone}).`,
    );
  return room;
}

function launchOne(
  account: Account,
  query: Query,
  plan: Plan & { readonly token: string; readonly index: number },
): Instance {
  const { type, zone, vpcId, subnetId, groupIds, imageId, token, index } = plan;
  const [face] = query.items("NetworkInterface");
  const userData = query.find("UserData");
  const instance: Instance = {
    ...{ id: nextInstanceId(account), type, zone, vpcId, subnetId, groupIds, imageId, token, launchIndex: index },
    ...{ keyName: query.find("KeyName"), isSpot: query.find("InstanceMarketOptions", "MarketType") === "spot" },
    hasPublicAddress: face?.flag("AssociatePublicIpAddress") ?? false,
    userData: userData === undefined ? undefined : Buffer.from(userData, "base64").toString(),
    metadata: {
      tokens: query.find("MetadataOptions", "HttpTokens") ?? "optional",
      hopLimit: query.number("MetadataOptions", "HttpPutResponseHopLimit") ?? 1,
    },
    diskGiB: query.items("BlockDeviceMapping")[0]?.number("Ebs", "VolumeSize"),
    ...{ createdMs: account.agenda.nowMs(), tags: tagsIn(query, "instance"), state: "pending", reason: undefined },
    ...{ publicFromMs: Number.POSITIVE_INFINITY, goneMs: Number.POSITIVE_INFINITY, behind: Promise.resolve() },
  };
  beginLife(account, instance);
  return instance;
}
