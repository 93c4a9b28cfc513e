import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import type { Client } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import { codeOf, unlessCode, unlessGone } from "./codes.ts";
import { clusterIdKey } from "./tags.ts";
import { listGateways, listSubnets, listVpcs } from "./vpc-calls.ts";

/** What is needed to remove a thing that others may still use. */
type Remover = Pick<Cloud, "client" | "clock">;

/** How long things are still used after their instances are gone, and the pause between two tries. */
const releasingMs = 5 * 60_000;
const pauseMs = 5000;

/** Removes a cluster's own private networks with all their parts. */
export async function removeVpcs(remover: Remover, clusterId: string, signal: AbortSignal): Promise<void> {
  const { client } = remover;
  const filters = [{ Name: `tag:${clusterIdKey}`, Values: [clusterId] }];
  const [vpcs, subnets, gateways] = await Promise.all([
    listVpcs(client, filters, signal),
    listSubnets(client, filters, signal),
    listGateways(client, filters, signal),
  ]);
  for (const { SubnetId } of subnets)
    await removeOnceUnused(remover, { what: `subnet ${SubnetId}`, action: "DeleteSubnet" }, signal, (ec2, options) =>
      ec2.deleteSubnet({ SubnetId }, options),
    );
  for (const { InternetGatewayId, Attachments } of gateways) {
    for (const { VpcId } of Attachments) {
      if (VpcId === undefined) continue;
      const about = { what: `internet gateway ${InternetGatewayId}`, action: "DetachInternetGateway" };
      await removeOnceUnused(remover, about, signal, (ec2, options) =>
        ec2.detachInternetGateway({ InternetGatewayId, VpcId }, options),
      ).catch(unlessCode(/^Gateway\.NotAttached$/));
    }
    const about = { what: `internet gateway ${InternetGatewayId}`, action: "DeleteInternetGateway" };
    await removeOnceUnused(remover, about, signal, (ec2, options) =>
      ec2.deleteInternetGateway({ InternetGatewayId }, options),
    );
  }
  for (const { VpcId } of vpcs)
    await removeOnceUnused(remover, { what: `VPC ${VpcId}`, action: "DeleteVpc" }, signal, (ec2, options) =>
      ec2.deleteVpc({ VpcId }, options),
    );
}

/** Removes a thing as soon as nothing uses it any more; gone already is removed. */
export async function removeOnceUnused(
  { client, clock }: Remover,
  { what, action }: { readonly what: string; readonly action: string },
  signal: AbortSignal,
  act: Parameters<Client["call"]>[1],
): Promise<void> {
  const about = { doing: `remove the ${what}`, action };
  for (const until = clock.elapsed() + releasingMs; ; ) {
    try {
      await client.call(z.unknown(), act, about, signal).catch(unlessGone);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!/^(DependencyViolation|ResourceInUse|InvalidGroup\.InUse)$/.test(codeOf(error) ?? "")) throw error;
      if (clock.elapsed() >= until) throw inUse(what);
      await clock.sleep(pauseMs, signal);
    }
  }
}

function inUse(what: string): BeltError {
  return new BeltError("provider.unavailable", `something still uses the ${what}, and it cannot be removed`, {
    hint: "Move what else lives in it elsewhere, then run the same command again.",
    retryable: true,
  });
}
