import { overlaps, parseSubnet } from "../../../../src/providers/local/subnet.ts";
import { type Action, done, tagSet } from "./action.ts";
import { filtered } from "./filters.ts";
import { invalid } from "./refusal.ts";
import { type Account, type Gateway, mustFind, nextId, type Subnet, seen, tagsIn, type Vpc } from "./state.ts";

const vpcCode = "InvalidVpcID.NotFound";

/** Private networks and their parts. */
export const vpcActions: Readonly<Record<string, Action>> = {
  DescribeVpcs: (account, query) => ({
    vpcSet: filtered<Vpc>(query, seen(account, account.vpcs), {
      values: { "is-default": ({ isDefault }) => [String(isDefault)], "vpc-id": ({ id }) => [id] },
      tags: ({ tags }) => tags,
    }).map(vpcXml),
  }),
  CreateVpc: (account, query) => ({ vpc: vpcXml(addVpc(account, query.text("CidrBlock"), tagsIn(query, "vpc"))) }),
  DeleteVpc: (account, query) => {
    const { id } = mustFind(account, account.vpcs, query.text("VpcId"), vpcCode);
    const isUsed =
      [account.subnets, account.gateways].some((parts) => [...parts.values()].some(({ vpcId }) => vpcId === id)) ||
      [...account.groups.values()].some(({ vpcId, name }) => vpcId === id && name !== "default");
    if (isUsed) throw dependency(`The vpc '${id}'`);
    account.vpcs.delete(id);
    for (const table of account.routeTables.values()) if (table.vpcId === id) account.routeTables.delete(table.id);
    return done;
  },
  DescribeSubnets: (account, query) => ({
    subnetSet: filtered<Subnet>(query, seen(account, account.subnets), {
      values: {
        ...{ "vpc-id": ({ vpcId }: Subnet) => [vpcId], "subnet-id": ({ id }: Subnet) => [id] },
        "availability-zone": ({ zone }) => [zone],
      },
      tags: ({ tags }) => tags,
    }).map(subnetXml),
  }),
  CreateSubnet: (account, query) => {
    const vpc = mustFind(account, account.vpcs, query.text("VpcId"), vpcCode);
    const zone = query.find("AvailabilityZone") ?? `${account.region}a`;
    return {
      subnet: subnetXml(
        addSubnet(account, vpc, { zone, range: query.text("CidrBlock"), tags: tagsIn(query, "subnet") }),
      ),
    };
  },
  DeleteSubnet: (account, query) => {
    const { id } = mustFind(account, account.subnets, query.text("SubnetId"), "InvalidSubnetID.NotFound");
    const isUsed = [...account.instances.values()].some((one) => one.subnetId === id && one.state !== "terminated");
    if (isUsed) throw dependency(`The subnet '${id}'`);
    account.subnets.delete(id);
    return done;
  },
  DescribeInternetGateways: (account, query) => ({
    internetGatewaySet: filtered<Gateway>(query, seen(account, account.gateways), {
      values: { "attachment.vpc-id": ({ vpcId }) => [vpcId] },
      tags: ({ tags }) => tags,
    }).map(gatewayXml),
  }),
  CreateInternetGateway: (account, query) => {
    const tags = tagsIn(query, "internet-gateway");
    const gateway = { id: nextId(account, "igw"), tags, createdMs: account.agenda.nowMs(), vpcId: undefined };
    account.gateways.set(gateway.id, gateway);
    return { internetGateway: gatewayXml(gateway) };
  },
  AttachInternetGateway: (account, query) => {
    const gateway = mustFindGateway(account, query.text("InternetGatewayId"));
    const vpc = mustFind(account, account.vpcs, query.text("VpcId"), vpcCode);
    if (gateway.vpcId !== undefined)
      throw invalid(
        "Resource.AlreadyAssociated",
        `resource ${gateway.id} is already attached to network ${gateway.vpcId}`,
      );
    gateway.vpcId = vpc.id;
    return done;
  },
  DetachInternetGateway: (account, query) => {
    const gateway = mustFindGateway(account, query.text("InternetGatewayId"));
    if (gateway.vpcId !== query.text("VpcId"))
      throw invalid("Gateway.NotAttached", `resource ${gateway.id} is not attached to network ${query.text("VpcId")}`);
    const isMapped = [...account.instances.values()].some(
      ({ vpcId, hasPublicAddress, state }) => vpcId === gateway.vpcId && hasPublicAddress && state !== "terminated",
    );
    if (isMapped) throw dependency(`Network ${gateway.vpcId} has some mapped public address(es) and`);
    gateway.vpcId = undefined;
    return done;
  },
  DeleteInternetGateway: (account, query) => {
    const gateway = mustFindGateway(account, query.text("InternetGatewayId"));
    if (gateway.vpcId !== undefined) throw dependency(`The internetGateway '${gateway.id}'`);
    account.gateways.delete(gateway.id);
    return done;
  },
  DescribeRouteTables: (account, query) => ({
    routeTableSet: filtered(query, seen(account, account.routeTables), {
      values: { "vpc-id": ({ vpcId }) => [vpcId], "association.main": () => ["true"] },
      tags: ({ tags }) => tags,
    }).map(({ id, vpcId, routes }) => ({
      ...{ routeTableId: id, vpcId, associationSet: [{ main: true }] },
      routeSet: routes.map(({ destination, gatewayId }) => ({ destinationCidrBlock: destination, gatewayId })),
    })),
  }),
  CreateRoute: (account, query) => {
    const table = mustFind(account, account.routeTables, query.text("RouteTableId"), "InvalidRouteTableID.NotFound");
    const [destination, gatewayId] = [query.text("DestinationCidrBlock"), query.text("GatewayId")];
    if (mustFindGateway(account, gatewayId).vpcId !== table.vpcId)
      throw invalid(
        "InvalidParameterValue",
        `route table ${table.id} and network gateway ${gatewayId} belong to different networks`,
      );
    if (table.routes.some((route) => route.destination === destination))
      throw invalid("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
    table.routes.push({ destination, gatewayId });
    return done;
  },
};

/** Adds a private network with its main route table. */
export function addVpc(account: Account, range: string, tags: Vpc["tags"], isDefault = false): Vpc {
  const subnet = parseSubnet(range);
  if (!subnet || subnet.prefix < 16 || subnet.prefix > 28)
    throw invalid("InvalidVpc.Range", `The CIDR '${range}' is invalid.`);
  const createdMs = account.agenda.nowMs();
  const vpc = { id: nextId(account, "vpc"), range, tags, isDefault, createdMs };
  account.vpcs.set(vpc.id, vpc);
  const table = { id: nextId(account, "rtb"), vpcId: vpc.id, tags: new Map<string, string>(), createdMs, routes: [] };
  account.routeTables.set(table.id, { ...table, routes: [{ destination: range, gatewayId: "local" }] });
  return vpc;
}

/** Adds a part of a private network. */
export function addSubnet(
  account: Account,
  vpc: Vpc,
  { zone, range, tags }: Pick<Subnet, "zone" | "range" | "tags">,
): Subnet {
  const [outer, inner] = [parseSubnet(vpc.range), parseSubnet(range)];
  if (!outer || !inner || inner.prefix > 28 || inner.prefix < outer.prefix || !overlaps(outer, inner))
    throw invalid("InvalidSubnet.Range", `The CIDR '${range}' is invalid.`);
  const others = [...account.subnets.values()].filter(({ vpcId }) => vpcId === vpc.id);
  if (others.some((other) => overlaps(inner, parseSubnet(other.range) ?? inner)))
    throw invalid("InvalidSubnet.Conflict", `The CIDR '${range}' conflicts with another subnet`);
  const subnet = { id: nextId(account, "subnet"), vpcId: vpc.id, zone, range, tags, createdMs: account.agenda.nowMs() };
  account.subnets.set(subnet.id, subnet);
  return subnet;
}

function mustFindGateway(account: Account, id: string): Gateway {
  return mustFind(account, account.gateways, id, "InvalidInternetGatewayID.NotFound");
}

function dependency(what: string) {
  return invalid("DependencyViolation", `${what} has dependencies and cannot be deleted.`);
}

function vpcXml({ id, range, isDefault, tags }: Vpc) {
  return { vpcId: id, state: "available", cidrBlock: range, isDefault, tagSet: tagSet(tags) };
}

function subnetXml({ id, vpcId, zone, range, tags }: Subnet) {
  return { subnetId: id, state: "available", vpcId, cidrBlock: range, availabilityZone: zone, tagSet: tagSet(tags) };
}

function gatewayXml({ id, vpcId, tags }: Gateway) {
  const attachmentSet = vpcId === undefined ? [] : [{ vpcId, state: "available" }];
  return { internetGatewayId: id, attachmentSet, tagSet: tagSet(tags) };
}
