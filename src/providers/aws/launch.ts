import { z } from "zod";
import { digest } from "../../util/digest.ts";
import { compressNames } from "../../util/ranges.ts";
import type { MachineRequest } from "../provider.ts";
import type { Ec2 } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import { codeOf } from "./codes.ts";
import { findInstances, type Instance, reservationSchema } from "./instances.ts";
import { isAlive } from "./map.ts";
import { type AwsOptions, ownTags } from "./options.ts";
import { onceSeen } from "./seen.ts";
import { mostValue, type Tag, tagsFor } from "./tags.ts";

/** What one call makes: instances that differ in their launch index alone. */
export interface Launch {
  /** In natural order; the instance at an index is the machine of that name. */
  readonly names: readonly string[];
  readonly request: MachineRequest;
  readonly options: AwsOptions;
  /** As asked for, and as taken. */
  readonly size: string;
  readonly type: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly groupIds: readonly string[];
  readonly keyName: string;
  readonly image: { readonly id: string; readonly rootDevice: string; readonly user: string };
  readonly userData: string;
}

/** What came of a launch: as many instances as there was room for, the first names first. */
export interface Launched {
  readonly instances: readonly Instance[];
  /** Whether this very call made them: an earlier one of another command may have, with another host key. */
  readonly isOurs: boolean;
}

/** How long a token means the same: a call that was cut off is made again long before. */
const tokenMs = 3_600_000;
/** While an earlier call's instances are not to be seen yet: the pauses before each look. */
const lookAfterMs: readonly number[] = [0, 2000, 4000, 8000, 16_000];
/** How many tokens are tried: each was used for instances that are gone already. */
const generations = 20;

/**
 * Launches instances, once: the token of the call follows from the names, so that the same call after a lost reply, or that of
 * another command after this one was killed, finds what the first one made. Source: EC2's developer guide, idempotency.
 */
export async function launch(cloud: Cloud, wanted: Launch, signal: AbortSignal): Promise<Launched> {
  let last: unknown;
  for (let generation = 0; generation < generations; generation += 1) {
    const token = tokenFor(cloud, wanted, generation);
    try {
      const instances = await run(cloud, wanted, token, signal);
      if (instances.length === 0 || instances.some(isAlive))
        return { instances: instances.filter(isAlive), isOurs: true };
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error) !== "IdempotentParameterMismatch") throw error;
      last = error;
      const instances = await lookByToken(cloud, token, signal);
      if (instances.length > 0) return { instances, isOurs: false };
    }
  }
  throw last;
}

/** The SDK's list of types is that of the day it was published; EC2 knows better. */
const typeWord = z.custom<NonNullable<Parameters<Ec2["runInstances"]>[0]["InstanceType"]>>(
  (word) => typeof word === "string",
);

/** Whether the names fit into the tag that keeps them. */
export function fitsTag(names: readonly string[]): boolean {
  return compressNames(names).length <= mostValue;
}

function tokenFor({ clock }: Cloud, { names, request, type, zone }: Launch, generation: number): string {
  const { clusterId, group } = request;
  return `belt-${digest({ clusterId, group, names, type, zone, epoch: Math.floor(clock.now() / tokenMs), generation })}`;
}

async function run(
  { client, clock }: Cloud,
  wanted: Launch,
  token: string,
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  const { names, type, zone } = wanted;
  const about = {
    ...{ doing: `make ${compressNames(names)} (${type}, ${zone})`, action: "RunInstances", instances: names.length },
  };
  const input = inputFor(wanted, token);
  const reply = await onceSeen(clock, signal, () =>
    client.call(reservationSchema, (ec2, options) => ec2.runInstances(input, options), about, signal),
  );
  const tags = [...launchTags(wanted)];
  const instances = reply.Instances.map((instance) => ({ ...instance, Tags: tags }));
  return instances.toSorted((a, b) => a.AmiLaunchIndex - b.AmiLaunchIndex);
}

function inputFor(wanted: Launch, token: string) {
  const { names, options, image, type, subnetId, groupIds, keyName, userData } = wanted;
  const tags = launchTags(wanted);
  const kinds = [
    "instance",
    "volume",
    "network-interface",
    ...(options.spot ? ["spot-instances-request" as const] : []),
  ] as const;
  return {
    ...{ ImageId: image.id, MinCount: 1, MaxCount: names.length, KeyName: keyName, ClientToken: token },
    InstanceType: typeWord.parse(type),
    UserData: Buffer.from(userData).toString("base64"),
    NetworkInterfaces: [
      {
        ...{ DeviceIndex: 0, SubnetId: subnetId, Groups: [...groupIds], DeleteOnTermination: true },
        AssociatePublicIpAddress: options.publicAddress,
      },
    ],
    BlockDeviceMappings: [
      {
        DeviceName: image.rootDevice,
        Ebs: { VolumeSize: options.disk, VolumeType: "gp3" as const, DeleteOnTermination: true },
      },
    ],
    MetadataOptions: {
      ...{ HttpEndpoint: "enabled" as const, HttpTokens: "required" as const },
      HttpPutResponseHopLimit: options.containersReachMetadata ? 2 : 1,
    },
    ...(options.spot ? { InstanceMarketOptions: { MarketType: "spot" as const } } : {}),
    TagSpecifications: kinds.map((ResourceType) => ({ ResourceType, Tags: [...tags] })),
  };
}

function launchTags({ names, request, options, size, type, image }: Launch): readonly Tag[] {
  const { clusterId, clusterName, group, specHash } = request;
  const insteadOf = type === size ? undefined : type;
  const marks = { clusterId, clusterName, group, names, specHash, image: options.image, size, insteadOf };
  return [
    { Key: "Name", Value: compressNames(names) },
    ...tagsFor({ ...marks, user: image.user, isPrivate: !options.publicAddress }),
    ...ownTags(options),
  ];
}

async function lookByToken({ client, clock }: Cloud, token: string, signal: AbortSignal): Promise<readonly Instance[]> {
  for (const pauseMs of lookAfterMs) {
    await clock.sleep(pauseMs, signal);
    const found = await findInstances(client, [{ Name: "client-token", Values: [token] }], signal);
    if (found.length > 0) return found.filter(isAlive);
  }
  return [];
}
