import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { BeltError } from "../../util/errors.ts";
import { parseIpv4Network } from "../../util/ipv4-network.ts";
import { faultOf } from "../cloud/fault.ts";
import { nameFor } from "../cloud/names.ts";
import type { Catalog } from "./catalog.ts";
import type { Client } from "./client.ts";
import { unlessCode } from "./codes.ts";
import { hasOwnVpc, optionsOf, ownTags, zoneIn } from "./options.ts";
import { removeVpcs } from "./remove-vpcs.ts";
import { onceSeen } from "./seen.ts";
import { clusterIdKey, clusterTags, type Tag } from "./tags.ts";
import {
  createGateway,
  createSubnet,
  createVpc,
  type Gateway,
  listGateways,
  listSubnets,
  listVpcs,
  mainRoutes,
  type Routes,
  type Subnet,
  type Vpc,
} from "./vpc-calls.ts";

/** Whose network it is, and how the file wants it. */
export interface Tenant {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly options: unknown;
}

/** Where a cluster's machines are put. */
export interface Ground {
  readonly vpcId: string;
  /** The subnet in each zone, by the zone's full name. */
  readonly subnets: ReadonlyMap<string, string>;
}

/** After a lost reply: the pauses before each look for what the call may have made. */
const lookAfterMs: readonly number[] = [1000, 3000, 5000, 8000];
/** In how many zones an own VPC gets subnets where nobody says in which. */
const usualZones = 3;
const everywhere = "0.0.0.0/0";

interface Own {
  readonly vpc: Vpc | undefined;
  readonly subnets: readonly Subnet[];
  readonly gateway: Gateway | undefined;
  /** Absent where there is no VPC. */
  readonly routes: Routes | undefined;
}

/** The private networks that clusters live in: one of their own, or one that the cluster file names. */
export class Networks {
  readonly #client: Client;
  readonly #catalog: Catalog;
  readonly #clock: Clock;
  readonly #grounds = new Map<string, Ground>();

  constructor(client: Client, catalog: Catalog, clock: Clock) {
    this.#client = client;
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** The zones that a machine with these options may be in, the wanted one first, by their full names. */
  async zonesFor(tenant: Tenant, signal: AbortSignal): Promise<readonly string[]> {
    const options = optionsOf(tenant.options);
    const region = await this.#client.region(signal);
    if (options.zones.length > 0) return [...new Set(options.zones.map((zone) => zoneIn(region, zone)))];
    if (hasOwnVpc(options)) return (await this.#catalog.zones(signal)).slice(0, usualZones);
    return [...(await this.groundFor(tenant, signal)).subnets.keys()].sort();
  }

  /** Where a tenant's machines are put, asked for once. @throws BeltError `provider.refused` if it is not there. */
  async groundFor(tenant: Tenant, signal: AbortSignal): Promise<Ground> {
    const key = keyOf(tenant);
    const known = this.#grounds.get(key) ?? (await this.#find(tenant, signal));
    if (known === undefined) throw notThere(tenant);
    this.#grounds.set(key, known);
    return known;
  }

  /** What `ensure` would do for machines in these zones, in the user's words. */
  async inspect(tenant: Tenant, zones: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const options = optionsOf(tenant.options);
    if (!hasOwnVpc(options)) return [];
    const own = await this.#look(tenant.clusterId, signal);
    if (!own.vpc) return [`make a private network with ${options.ipRange}`];
    const there = new Set(own.subnets.map(({ AvailabilityZone }) => AvailabilityZone));
    return [
      ...zones.filter((zone) => !there.has(zone)).map((zone) => `make a subnet in ${zone}`),
      ...(isOpen(own, own.vpc) ? [] : ["give the private network its way to the internet"]),
    ];
  }

  /** Makes what a tenant's own VPC lacks for machines in these zones. @throws BeltError `provider.refused` if one that is named is not there. */
  async ensure(tenant: Tenant, zones: readonly string[], signal: AbortSignal): Promise<Ground> {
    this.#grounds.delete(keyOf(tenant));
    if (!hasOwnVpc(optionsOf(tenant.options))) return await this.groundFor(tenant, signal);
    const own = await this.#look(tenant.clusterId, signal);
    const vpc = own.vpc ?? (await this.#makeVpc(tenant, signal));
    const missing = zones.filter((zone) => !own.subnets.some(({ AvailabilityZone }) => AvailabilityZone === zone));
    const made: Subnet[] = [];
    for (const zone of missing) made.push(await this.#makeSubnet(tenant, vpc, zone, signal));
    if (!isOpen(own, vpc)) await this.#open(tenant, vpc, own, signal);
    const ground = groundOf(vpc.VpcId, [...own.subnets, ...made]);
    this.#grounds.set(keyOf(tenant), ground);
    return ground;
  }

  /** Removes what a cluster has of its own, once the last instance has left it. */
  async remove(clusterId: string, signal: AbortSignal): Promise<void> {
    this.#grounds.clear();
    await removeVpcs({ client: this.#client, clock: this.#clock }, clusterId, signal);
  }

  async #find(tenant: Tenant, signal: AbortSignal): Promise<Ground | undefined> {
    const { vpc, subnets } = optionsOf(tenant.options);
    if (hasOwnVpc(optionsOf(tenant.options))) {
      const own = await this.#look(tenant.clusterId, signal);
      return own.vpc && groundOf(own.vpc.VpcId, own.subnets);
    }
    const vpcId = vpc === "default" ? await this.#defaultVpc(signal) : vpc;
    if (vpc === "default" && vpcId === undefined) return undefined;
    const filters = [
      ...(subnets.length > 0 ? [{ Name: "subnet-id", Values: subnets }] : []),
      ...(vpcId === undefined ? [] : [{ Name: "vpc-id", Values: [vpcId] }]),
    ];
    const found = await listSubnets(this.#client, filters, signal);
    const [first] = found;
    if (!first || found.length < subnets.length || found.some(({ VpcId }) => VpcId !== first.VpcId)) return undefined;
    return groundOf(first.VpcId, found);
  }

  async #defaultVpc(signal: AbortSignal): Promise<string | undefined> {
    const filters = [{ Name: "is-default", Values: ["true"] }];
    return (await listVpcs(this.#client, filters, signal))[0]?.VpcId;
  }

  async #look(clusterId: string, signal: AbortSignal): Promise<Own> {
    const filters = [{ Name: `tag:${clusterIdKey}`, Values: [clusterId] }];
    const [[vpc], subnets, [gateway]] = await Promise.all([
      listVpcs(this.#client, filters, signal),
      listSubnets(this.#client, filters, signal),
      listGateways(this.#client, filters, signal),
    ]);
    const routes = vpc && (await mainRoutes(this.#client, vpc.VpcId, signal));
    return { vpc, subnets: subnets.filter(({ VpcId }) => VpcId === vpc?.VpcId), gateway, routes };
  }

  async #makeVpc(tenant: Tenant, signal: AbortSignal): Promise<Vpc> {
    const order = { range: optionsOf(tenant.options).ipRange, tags: tagsOf(tenant) };
    return await this.#onlyOnce(
      () => createVpc(this.#client, order, signal),
      async () => (await this.#look(tenant.clusterId, signal)).vpc,
      signal,
    );
  }

  async #makeSubnet(tenant: Tenant, vpc: Vpc, zone: string, signal: AbortSignal): Promise<Subnet> {
    const order = { vpcId: vpc.VpcId, zone, range: rangeFor(vpc.CidrBlock, zone), tags: tagsOf(tenant, zone) };
    try {
      return await onceSeen(this.#clock, signal, () => createSubnet(this.#client, order, signal));
    } catch (error) {
      signal.throwIfAborted();
      const { subnets } = await this.#look(tenant.clusterId, signal);
      const found = subnets.find(({ AvailabilityZone }) => AvailabilityZone === zone);
      if (found) return found;
      throw error;
    }
  }

  /** The gateway, its place in the VPC, and the route to it. */
  async #open(tenant: Tenant, { VpcId }: Vpc, own: Own, signal: AbortSignal): Promise<void> {
    const client = this.#client;
    const made = (): Promise<Gateway> =>
      this.#onlyOnce(
        () => createGateway(client, tagsOf(tenant), signal),
        async () => (await this.#look(tenant.clusterId, signal)).gateway,
        signal,
      );
    const { InternetGatewayId, Attachments } = own.gateway ?? (await made());
    if (!Attachments.some((one) => one.VpcId === VpcId)) {
      const about = { doing: "give the cluster's VPC its internet gateway", action: "AttachInternetGateway" };
      await onceSeen(this.#clock, signal, () =>
        client.call(
          z.unknown(),
          (ec2, options) => ec2.attachInternetGateway({ VpcId, InternetGatewayId }, options),
          about,
          signal,
        ),
      ).catch(unlessCode(/^Resource\.AlreadyAssociated$/));
    }
    const routes = own.routes ?? (await mainRoutes(client, VpcId, signal));
    if (!routes || routes.Routes.some((route) => route.DestinationCidrBlock === everywhere)) return;
    const route = { RouteTableId: routes.RouteTableId, DestinationCidrBlock: everywhere, GatewayId: InternetGatewayId };
    const about = { doing: "route the cluster's VPC to the internet", action: "CreateRoute" };
    await onceSeen(this.#clock, signal, () =>
      client.call(z.unknown(), (ec2, options) => ec2.createRoute(route, options), about, signal),
    ).catch(unlessCode(/^RouteAlreadyExists$/));
  }

  /** Makes a thing that two calls would make twice: after a lost reply it is looked for before anybody asks again. */
  async #onlyOnce<T>(make: () => Promise<T>, find: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
    try {
      return await make();
    } catch (error) {
      signal.throwIfAborted();
      const fault = faultOf(error);
      if (fault === undefined || (fault.kind === "answer" && fault.status < 500)) throw error;
      for (const pauseMs of lookAfterMs) {
        await this.#clock.sleep(pauseMs, signal);
        const found = await find();
        if (found !== undefined) return found;
      }
      return await make();
    }
  }
}

function groundOf(vpcId: string, subnets: readonly Subnet[]): Ground {
  return { vpcId, subnets: new Map(subnets.map(({ AvailabilityZone, SubnetId }) => [AvailabilityZone, SubnetId])) };
}

function isOpen({ gateway, routes }: Own, { VpcId }: Vpc): boolean {
  const isAttached = gateway?.Attachments.some((one) => one.VpcId === VpcId) ?? false;
  return isAttached && (routes?.Routes.some((route) => route.DestinationCidrBlock === everywhere) ?? false);
}

function tagsOf(tenant: Tenant, ...words: readonly string[]): readonly Tag[] {
  return [{ Key: "Name", Value: nameFor(tenant, ...words) }, ...clusterTags(tenant), ...ownTags(tenant.options)];
}

/** A sixteenth of a VPC for each zone, by its letter, so that two zones never want the same one. */
function rangeFor(vpcRange: string, zone: string): string {
  const network = parseIpv4Network(vpcRange);
  if (!network) throw new BeltError("internal", `${vpcRange} is no network`);
  const [address = ""] = network.canonical.split("/");
  const base = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const index = Math.max(0, zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0)) % 16;
  const start = base + index * 2 ** (32 - network.prefix - 4);
  const dotted = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
  return `${dotted}/${network.prefix + 4}`;
}

function keyOf({ clusterId, options }: Tenant): string {
  const { vpc, subnets } = optionsOf(options);
  return JSON.stringify([vpc, subnets, hasOwnVpc(optionsOf(options)) ? clusterId : ""]);
}

function notThere({ options, clusterName }: Tenant): BeltError {
  const { vpc, subnets } = optionsOf(options);
  if (hasOwnVpc(optionsOf(options)))
    return new BeltError("provider.refused", `the VPC of the cluster ${clusterName} is not there`, {
      hint: "It was removed while machines were being created. Run the same command again to recreate it.",
    });
  const what =
    subnets.length > 0
      ? `the subnets ${subnets.join(", ")} are not all there, in one VPC`
      : `there is no VPC ${vpc} with subnets`;
  return new BeltError("provider.refused", what, {
    hint: "Correct vpc and subnets in the aws block of the cluster file, or leave them out for a VPC of the cluster's own.",
  });
}
