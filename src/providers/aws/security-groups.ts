import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import { describeChanges, wantedFirewalls } from "../cloud/firewall-rules.ts";
import { nameFor } from "../cloud/names.ts";
import type { ProviderSpec } from "../provider.ts";
import type { Client } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import { unlessCode } from "./codes.ts";
import type { Filters } from "./instances.ts";
import { ownTags } from "./options.ts";
import { atomsOf, minus, type Permission, permissionSchema, permissionsFrom, rulesFrom } from "./permissions.ts";
import { removeOnceUnused } from "./remove-vpcs.ts";
import { onceSeen } from "./seen.ts";
import { clusterIdKey, clusterTags } from "./tags.ts";

const groupSchema = z.object({
  GroupId: z.string(),
  GroupName: z.string(),
  VpcId: z.string().optional(),
  IpPermissions: z.array(permissionSchema).default([]),
});

/** A security group. */
type SecurityGroup = z.infer<typeof groupSchema>;

/** After a lost reply: the pauses before each look for the group that the call made. */
const lookAfterMs: readonly number[] = [0, 1000, 3000, 5000, 8000];

type Named = Pick<ProviderSpec, "clusterId" | "clusterName">;

/** The ids of a cluster's security groups, by their names. */
export async function securityGroupsOf(
  client: Client,
  clusterId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  return new Map((await listOwn(client, clusterId, signal)).map(({ GroupName, GroupId }) => [GroupName, GroupId]));
}

/** The names of the security groups around the machines of a group, as far as there are any. */
export function securityGroupNames(cluster: Named, group: string): readonly string[] {
  return [nameFor(cluster), nameFor(cluster, group)];
}

/** What {@link ensureSecurityGroups} would change, in the user's words. */
export async function inspectSecurityGroups(
  client: Client,
  spec: ProviderSpec,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const own = await listOwn(client, spec.clusterId, signal);
  const { steps, surplus } = compare(own, spec);
  return [
    ...steps.flatMap(({ where, inbound, found }) => describeChanges(where, found ? rulesOf(found) : [], inbound)),
    ...surplus.flatMap((group) => describeChanges(groupIn(group, spec), rulesOf(group), [])),
  ];
}

/**
 * Brings a cluster's security groups to what its file says: all missing rules of a group in one call. What is as it should be is
 * not touched.
 *
 * @returns the ids of the groups by their names.
 */
export async function ensureSecurityGroups(
  { client, clock }: Cloud,
  { spec, vpcId }: { readonly spec: ProviderSpec; readonly vpcId: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { steps, surplus } = compare(await listOwn(client, spec.clusterId, signal), spec);
  const ids = new Map<string, string>();
  for (const { name, inbound, found } of steps) {
    const id =
      found?.GroupId ?? (await onceSeen(clock, signal, () => make({ client, clock }, { name, spec, vpcId }, signal)));
    ids.set(name, id);
    const [there, wanted] = [found ? atomsOf(found.IpPermissions) : [], permissionsFrom(inbound, id)];
    const change = async (action: "Authorize" | "Revoke", permissions: readonly Permission[]): Promise<void> => {
      if (permissions.length > 0)
        await onceSeen(clock, signal, () => setRules(client, { id, name, action }, permissions, signal));
    };
    await change("Authorize", minus(wanted, there));
    await change("Revoke", minus(there, wanted));
  }
  // A group that instances wear cannot be removed, but it can let nobody in; it goes with the cluster.
  for (const { GroupId: id, GroupName: name, IpPermissions } of surplus) {
    if (IpPermissions.length > 0)
      await setRules(client, { id, name, action: "Revoke" }, atomsOf(IpPermissions), signal);
    ids.set(name, id);
  }
  return ids;
}

/** Removes a cluster's security groups. */
export async function removeSecurityGroups(cloud: Cloud, clusterId: string, signal: AbortSignal): Promise<void> {
  for (const { GroupId, GroupName } of await listOwn(cloud.client, clusterId, signal))
    await removeOnceUnused(
      cloud,
      { what: `security group ${GroupName}`, action: "DeleteSecurityGroup" },
      signal,
      (ec2, options) => ec2.deleteSecurityGroup({ GroupId }, options),
    );
}

function compare(own: readonly SecurityGroup[], spec: ProviderSpec) {
  const steps = wantedFirewalls(spec).map(({ group, where, inbound }) => {
    const name = group === undefined ? nameFor(spec) : nameFor(spec, group);
    // Networks that are encrypted travel as ESP.
    const all = group === undefined ? [...inbound, ...encrypted] : inbound;
    return { name, where, inbound: all, found: own.find(({ GroupName }) => GroupName === name) };
  });
  const names = new Set(steps.map(({ name }) => name));
  return { steps, surplus: own.filter(({ GroupName }) => !names.has(GroupName)) };
}

const encrypted = [{ protocol: "esp", ports: "0", addresses: [], peers: ["the cluster's machines"] }] as const;

function rulesOf({ IpPermissions, GroupId }: SecurityGroup) {
  return rulesFrom(IpPermissions, GroupId);
}

/** The group that a security group stands around, from its name. */
function groupIn({ GroupName }: SecurityGroup, { clusterId, clusterName }: ProviderSpec): string {
  return GroupName.slice(`belt-${clusterName}-`.length, -`-${clusterId}`.length);
}

async function listOwn(client: Client, clusterId: string, signal: AbortSignal): Promise<readonly SecurityGroup[]> {
  return await listGroups(client, [{ Name: `tag:${clusterIdKey}`, Values: [clusterId] }], signal);
}

async function listGroups(client: Client, filters: Filters, signal: AbortSignal): Promise<readonly SecurityGroup[]> {
  const about = { doing: "list security groups", action: "DescribeSecurityGroups" };
  const schema = z.object({ SecurityGroups: z.array(groupSchema).default([]) });
  const input = { Filters: filters.map(({ Name, Values }) => ({ Name, Values: [...Values] })) };
  const act: Parameters<Client["call"]>[1] = (ec2, options) => ec2.describeSecurityGroups(input, options);
  return (await client.call(schema, act, about, signal)).SecurityGroups;
}

/** Names are unique in a VPC: where the reply was lost, a second call is told that the first one took effect. */
async function make(
  { client, clock }: Pick<Cloud, "client" | "clock">,
  { name, spec, vpcId }: { readonly name: string; readonly spec: ProviderSpec; readonly vpcId: string },
  signal: AbortSignal,
): Promise<string> {
  const about = { doing: `make the security group ${name}`, action: "CreateSecurityGroup" };
  const input = {
    ...{ GroupName: name, VpcId: vpcId, Description: `The machines of the beltkit cluster ${spec.clusterName}` },
    TagSpecifications: [
      { ResourceType: "security-group" as const, Tags: [...clusterTags(spec), ...ownTags(spec.options)] },
    ],
  };
  const made = await client
    .call(z.object({ GroupId: z.string() }), (ec2, options) => ec2.createSecurityGroup(input, options), about, signal)
    .catch(unlessCode(/^InvalidGroup\.Duplicate$/));
  return made?.GroupId ?? (await findSoon({ client, clock }, { name, vpcId }, signal));
}

/** One that was just made may not be listed yet. */
async function findSoon(
  { client, clock }: Pick<Cloud, "client" | "clock">,
  { name, vpcId }: { readonly name: string; readonly vpcId: string },
  signal: AbortSignal,
): Promise<string> {
  const filters = [
    { Name: "group-name", Values: [name] },
    { Name: "vpc-id", Values: [vpcId] },
  ];
  for (const pauseMs of lookAfterMs) {
    await clock.sleep(pauseMs, signal);
    const [found] = await listGroups(client, filters, signal);
    if (found) return found.GroupId;
  }
  throw new BeltError(
    "provider.unavailable",
    `EC2 says that the security group ${name} is there, and does not list it`,
    {
      hint: "Run the same command again in a minute.",
      retryable: true,
    },
  );
}

interface Rules {
  readonly id: string;
  readonly name: string;
  readonly action: "Authorize" | "Revoke";
}

/** Takes effect as a whole or not at all; a second call after a lost reply is told that it is so already. */
async function setRules(
  client: Client,
  { id, name, action }: Rules,
  permissions: readonly Permission[],
  signal: AbortSignal,
): Promise<void> {
  const about = { doing: `change the security group ${name}`, action: `${action}SecurityGroupIngress` };
  const input = { GroupId: id, IpPermissions: permissions.map((permission) => structuredClone(permission)) };
  await client
    .call(
      z.unknown(),
      (ec2, options) =>
        action === "Authorize"
          ? ec2.authorizeSecurityGroupIngress(input, options)
          : ec2.revokeSecurityGroupIngress(input, options),
      about,
      signal,
    )
    .catch(unlessCode(/^InvalidPermission\.(Duplicate|NotFound)$/));
}
