import { z } from "zod";
import type { Client } from "./client.ts";
import { unlessGone } from "./codes.ts";
import { clusterIdKey } from "./tags.ts";

/** A tag in a reply. */
export const tagSchema = z.object({ Key: z.string(), Value: z.string().default("") });

const instanceSchema = z.object({
  InstanceId: z.string(),
  InstanceType: z.string(),
  LaunchTime: z.date(),
  AmiLaunchIndex: z.int().default(0),
  State: z.object({ Name: z.enum(["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]) }),
  StateReason: z.object({ Code: z.string().default(""), Message: z.string().default("") }).optional(),
  Placement: z.object({ AvailabilityZone: z.string() }),
  PrivateIpAddress: z.string().optional(),
  PublicIpAddress: z.string().optional(),
  Tags: z.array(tagSchema).default([]),
});

/** An instance, as far as the API's reply is used. */
export type Instance = z.infer<typeof instanceSchema>;

/** The reply to a call that makes instances. */
export const reservationSchema = z.object({ Instances: z.array(instanceSchema).default([]) });

const pageSchema = z.object({ Reservations: z.array(reservationSchema).default([]), NextToken: z.string().optional() });

/** A filter of a list: a name and the values that fit. */
export type Filters = readonly { readonly Name: string; readonly Values: readonly string[] }[];

/** As many as a page may have. */
const perPage = 1000;

/** The instances of a cluster, those first that were made first: one call for each thousand. Terminated ones are there for an hour. */
export async function listInstances(
  client: Client,
  clusterId: string,
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  return await findInstances(client, [{ Name: `tag:${clusterIdKey}`, Values: [clusterId] }], signal);
}

/** All instances that fit. */
export async function findInstances(
  client: Client,
  filters: Filters,
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  const about = { doing: "list instances", action: "DescribeInstances" };
  const found: Instance[] = [];
  for (let token: string | undefined; ; ) {
    const page = { MaxResults: perPage, ...(token === undefined ? {} : { NextToken: token }) };
    const Filters = filters.map(({ Name, Values }) => ({ Name, Values: [...Values] }));
    const reply = await client.call(
      pageSchema,
      (ec2, options) => ec2.describeInstances({ Filters, ...page }, options),
      about,
      signal,
    );
    found.push(...reply.Reservations.flatMap(({ Instances }) => Instances));
    token = reply.NextToken;
    if (token === undefined || token === "") break;
  }
  const key = ({ LaunchTime, InstanceId }: Instance): string => `${LaunchTime.toISOString()} ${InstanceId}`;
  return found.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** One instance, or `undefined` if there is none of this id. */
export async function findInstance(client: Client, id: string, signal: AbortSignal): Promise<Instance | undefined> {
  const about = { doing: `look at instance ${id}`, action: "DescribeInstances" };
  const reply = await client
    .call(pageSchema, (ec2, options) => ec2.describeInstances({ InstanceIds: [id] }, options), about, signal)
    .catch(unlessGone);
  return reply?.Reservations[0]?.Instances[0];
}

/** Terminates instances; all of them, or none if EC2 does not know one. */
export async function terminateInstances(client: Client, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const what = ids.length === 1 ? `instance ${ids[0]}` : `${ids.length} instances`;
  const about = { doing: `terminate ${what}`, action: "TerminateInstances", instances: ids.length };
  const act: Parameters<Client["call"]>[1] = (ec2, options) =>
    ec2.terminateInstances({ InstanceIds: [...ids] }, options);
  await client.call(z.unknown(), act, about, signal);
}

/** Takes the cluster's id off instances, which are then no machines any more. */
export async function disown(client: Client, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const about = { doing: "take the tags off terminated instances", action: "DeleteTags" };
  const input = { Resources: [...ids], Tags: [{ Key: clusterIdKey }] };
  await client.call(z.unknown(), (ec2, options) => ec2.deleteTags(input, options), about, signal).catch(unlessGone);
}
