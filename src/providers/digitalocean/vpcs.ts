import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { BeltError } from "../../util/errors.ts";
import { faultOf } from "../cloud/fault.ts";
import { isNameOf, nameFor } from "../cloud/names.ts";
import type { Client } from "./client.ts";
import { isGone } from "./fault.ts";
import { optionsOf } from "./options.ts";

const vpcSchema = z.object({ id: z.string(), name: z.string(), region: z.string(), default: z.boolean().nullish() });

/** A private network of the account. */
type Vpc = z.infer<typeof vpcSchema>;

/** The tenant and its VPC. */
export interface Tenant {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly options: unknown;
}

/** How long a VPC may have members after its droplets are gone from the list, and the pause between two tries to remove it. */
const emptyingMs = 3 * 60_000;
const pauseMs = 5000;

/** The private networks that clusters live in: one of their own in a region, or one that the cluster file names. */
export class Vpcs {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #ids = new Map<string, string>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The id of a tenant's VPC, asked for once. @throws BeltError `provider.refused` if it is not there. */
  async idFor(tenant: Tenant, signal: AbortSignal): Promise<string> {
    const key = keyOf(tenant);
    const known = this.#ids.get(key) ?? findIn(await this.#list(signal), tenant)?.id;
    if (known === undefined) throw notThere(tenant);
    this.#ids.set(key, known);
    return known;
  }

  /** What `ensure` would do, in the user's words. */
  async inspect(tenant: Tenant, signal: AbortSignal): Promise<readonly string[]> {
    if (findIn(await this.#list(signal), tenant)) return [];
    const { vpc, region, ipRange } = optionsOf(tenant.options);
    if (vpc !== undefined) return [];
    return [`make a private network in ${region}${ipRange === undefined ? "" : ` with ${ipRange}`}`];
  }

  /** Makes a tenant's own VPC unless it is there. @throws BeltError `provider.refused` if one that exists is asked for and does not. */
  async ensure(tenant: Tenant, signal: AbortSignal): Promise<void> {
    const found = findIn(await this.#list(signal), tenant);
    if (found === undefined && optionsOf(tenant.options).vpc !== undefined) throw notThere(tenant);
    const { id } = found ?? (await this.#make(tenant, signal));
    this.#ids.set(keyOf(tenant), id);
  }

  /** Removes a cluster's own VPCs, once the last droplet has left them. The first VPC of a region cannot be removed, and stays. */
  async remove(clusterId: string, signal: AbortSignal): Promise<void> {
    const own = (await this.#list(signal)).filter(({ name }) => isNameOf(clusterId, name));
    for (const vpc of own) if (vpc.default !== true) await this.#removeOne(vpc, signal);
    this.#ids.clear();
  }

  async #list(signal: AbortSignal): Promise<readonly Vpc[]> {
    const about = { doing: "list the account's VPCs", scope: "vpc:read" };
    return await this.#client.list({ path: "/vpcs", key: "vpcs", item: vpcSchema }, about, signal);
  }

  /** Names are unique: after a lost reply the VPC is there, or it is made now. */
  async #make(tenant: Tenant, signal: AbortSignal): Promise<Vpc> {
    try {
      return await this.#post(tenant, signal);
    } catch (error) {
      signal.throwIfAborted();
      const found = findIn(await this.#list(signal), tenant);
      if (found) return found;
      if (faultOf(error)?.kind === "answer") throw error;
      return await this.#post(tenant, signal);
    }
  }

  async #post(tenant: Tenant, signal: AbortSignal): Promise<Vpc> {
    const { region, ipRange } = optionsOf(tenant.options);
    const about = { doing: "make the cluster's VPC", scope: "vpc:create" };
    const description = `The machines of the beltkit cluster ${tenant.clusterName}`;
    const range = ipRange === undefined ? {} : { ip_range: ipRange };
    const call = {
      ...({ method: "POST", path: "/vpcs" } as const),
      body: { name: nameOf(tenant), description, region, ...range },
    };
    return (await this.#client.send(call, z.object({ vpc: vpcSchema }), about, signal)).vpc;
  }

  async #removeOne({ id, name }: Vpc, signal: AbortSignal): Promise<void> {
    const about = { doing: `remove the VPC ${name}`, scope: "vpc:delete" };
    const call = { method: "DELETE", path: `/vpcs/${id}` } as const;
    for (const until = this.#clock.elapsed() + emptyingMs; ; ) {
      try {
        await this.#client.send(call, z.unknown(), about, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (isGone(error)) return;
        if (!hasMembers(error)) throw error;
        if (this.#clock.elapsed() >= until) throw inUse(name);
        await this.#clock.sleep(pauseMs, signal);
      }
    }
  }
}

function keyOf(tenant: Tenant): string {
  const { vpc, region } = optionsOf(tenant.options);
  return `${vpc ?? nameOf(tenant)} ${region}`;
}

function nameOf(tenant: Tenant): string {
  return nameFor(tenant, optionsOf(tenant.options).region);
}

function findIn(vpcs: readonly Vpc[], tenant: Tenant): Vpc | undefined {
  const { vpc: wanted, region } = optionsOf(tenant.options);
  const isIt = (vpc: Vpc): boolean =>
    wanted === undefined ? vpc.name === nameOf(tenant) : vpc.id === wanted || vpc.name === wanted;
  return vpcs.find((vpc) => vpc.region === region && isIt(vpc));
}

function hasMembers(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && [403, 409, 422].includes(fault.status) && /member/i.test(fault.message);
}

function notThere(tenant: Tenant): BeltError {
  const { vpc, region } = optionsOf(tenant.options);
  if (vpc === undefined)
    return new BeltError("provider.refused", `the VPC of the cluster ${tenant.clusterName} is not there`, {
      hint: "It was removed while machines were being created. Run the same command again to recreate it.",
    });
  return new BeltError("provider.refused", `there is no VPC ${vpc} in ${region}`, {
    hint: "Correct digitalocean.vpc in the cluster file, or leave it out for a VPC of the cluster's own.",
  });
}

function inUse(name: string): BeltError {
  return new BeltError("provider.unavailable", `the VPC ${name} still has members, and cannot be removed`, {
    hint: "Move what else lives in it elsewhere, then run the same command again.",
    retryable: true,
  });
}
