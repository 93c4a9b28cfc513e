import { z } from "zod";
import type { Client } from "./client.ts";
import type { Filters } from "./instances.ts";
import type { Tag } from "./tags.ts";

const vpcSchema = z.object({ VpcId: z.string(), CidrBlock: z.string() });
const subnetSchema = z.object({ SubnetId: z.string(), VpcId: z.string(), AvailabilityZone: z.string() });
const gatewaySchema = z.object({
  InternetGatewayId: z.string(),
  Attachments: z.array(z.object({ VpcId: z.string().optional() })).default([]),
});
const routesSchema = z.object({
  RouteTableId: z.string(),
  Routes: z.array(z.object({ DestinationCidrBlock: z.string().optional() })).default([]),
});

/** A private network. */
export type Vpc = z.infer<typeof vpcSchema>;
/** A part of a private network in one zone. */
export type Subnet = z.infer<typeof subnetSchema>;
/** The way of a private network to the internet and back. */
export type Gateway = z.infer<typeof gatewaySchema>;
/** Where a private network's packets go. */
export type Routes = z.infer<typeof routesSchema>;

function listed(filters: Filters) {
  return filters.map(({ Name, Values }) => ({ Name, Values: [...Values] }));
}

function tagged(ResourceType: "vpc" | "subnet" | "internet-gateway", tags: readonly Tag[]) {
  return [{ ResourceType, Tags: [...tags] }];
}

/** All private networks that fit. */
export async function listVpcs(client: Client, filters: Filters, signal: AbortSignal): Promise<readonly Vpc[]> {
  const about = { doing: "list VPCs", action: "DescribeVpcs" };
  const schema = z.object({ Vpcs: z.array(vpcSchema).default([]) });
  const input = { Filters: listed(filters) };
  return (await client.call(schema, (ec2, options) => ec2.describeVpcs(input, options), about, signal)).Vpcs;
}

/** All subnets that fit. */
export async function listSubnets(client: Client, filters: Filters, signal: AbortSignal): Promise<readonly Subnet[]> {
  const about = { doing: "list subnets", action: "DescribeSubnets" };
  const schema = z.object({ Subnets: z.array(subnetSchema).default([]) });
  const input = { Filters: listed(filters) };
  return (await client.call(schema, (ec2, options) => ec2.describeSubnets(input, options), about, signal)).Subnets;
}

/** All internet gateways that fit. */
export async function listGateways(client: Client, filters: Filters, signal: AbortSignal): Promise<readonly Gateway[]> {
  const about = { doing: "list internet gateways", action: "DescribeInternetGateways" };
  const schema = z.object({ InternetGateways: z.array(gatewaySchema).default([]) });
  const input = { Filters: listed(filters) };
  const act: Parameters<Client["call"]>[1] = (ec2, options) => ec2.describeInternetGateways(input, options);
  return (await client.call(schema, act, about, signal)).InternetGateways;
}

/** The routes of a private network that count where a subnet has none of its own. */
export async function mainRoutes(client: Client, vpcId: string, signal: AbortSignal): Promise<Routes | undefined> {
  const about = { doing: "look at the VPC's routes", action: "DescribeRouteTables" };
  const schema = z.object({ RouteTables: z.array(routesSchema).default([]) });
  const filters = [
    { Name: "vpc-id", Values: [vpcId] },
    { Name: "association.main", Values: ["true"] },
  ];
  const act: Parameters<Client["call"]>[1] = (ec2, options) => ec2.describeRouteTables({ Filters: filters }, options);
  return (await client.call(schema, act, about, signal)).RouteTables[0];
}

/** Makes a private network. A second call makes a second one. */
export async function createVpc(
  client: Client,
  { range, tags }: { readonly range: string; readonly tags: readonly Tag[] },
  signal: AbortSignal,
): Promise<Vpc> {
  const about = { doing: "make the cluster's VPC", action: "CreateVpc", once: true } as const;
  const input = { CidrBlock: range, TagSpecifications: tagged("vpc", tags) };
  const schema = z.object({ Vpc: vpcSchema });
  return (await client.call(schema, (ec2, options) => ec2.createVpc(input, options), about, signal)).Vpc;
}

/** Makes a subnet; EC2 refuses two of one range. */
export async function createSubnet(
  client: Client,
  {
    vpcId,
    zone,
    range,
    tags,
  }: { readonly vpcId: string; readonly zone: string; readonly range: string; readonly tags: readonly Tag[] },
  signal: AbortSignal,
): Promise<Subnet> {
  const about = { doing: `make the cluster's subnet in ${zone}`, action: "CreateSubnet" };
  const input = {
    VpcId: vpcId,
    AvailabilityZone: zone,
    CidrBlock: range,
    TagSpecifications: tagged("subnet", tags),
  };
  const schema = z.object({ Subnet: subnetSchema });
  return (await client.call(schema, (ec2, options) => ec2.createSubnet(input, options), about, signal)).Subnet;
}

/** Makes an internet gateway. A second call makes a second one. */
export async function createGateway(client: Client, tags: readonly Tag[], signal: AbortSignal): Promise<Gateway> {
  const about = { doing: "make the cluster's internet gateway", action: "CreateInternetGateway", once: true } as const;
  const input = { TagSpecifications: tagged("internet-gateway", tags) };
  const schema = z.object({ InternetGateway: gatewaySchema });
  const act: Parameters<Client["call"]>[1] = (ec2, options) => ec2.createInternetGateway(input, options);
  return (await client.call(schema, act, about, signal)).InternetGateway;
}
