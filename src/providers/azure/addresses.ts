import { z } from "zod";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";

/** Where one machine answers. */
export interface Addresses {
  readonly privateAddress: string | undefined;
  readonly publicAddress: string | undefined;
}

const reference = z.object({ id: z.string().optional() }).nullish();

const interfaceSchema = z.object({
  virtualMachine: reference,
  ipConfigurations: z.array(z.object({ privateIPAddress: z.string().nullish(), publicIPAddress: reference })).nullish(),
});

const publicAddressSchema = z.object({ id: z.string(), ipAddress: z.string().nullish() });

/** The addresses of all machines of a resource group, by the machines' ids in small letters: two lists for all of them. */
export async function listAddresses(
  client: Client,
  resourceGroup: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Addresses>> {
  const [interfaces, addresses] = await Promise.all([
    client.list(
      interfaceSchema,
      ({ network }, options) => network.networkInterfaces.list(resourceGroup, options),
      { doing: "list network interfaces", action: "Microsoft.Network/networkInterfaces/read" },
      signal,
    ),
    client.list(
      publicAddressSchema,
      ({ network }, options) => network.publicIPAddresses.list(resourceGroup, options),
      { doing: "list public addresses", action: "Microsoft.Network/publicIPAddresses/read" },
      signal,
    ),
  ]).catch((error: unknown): [[], []] => {
    if (isGone(error)) return [[], []];
    throw error;
  });
  const byId = new Map(addresses.map(({ id, ipAddress }) => [id.toLowerCase(), ipAddress ?? undefined]));
  return new Map(
    interfaces.flatMap(({ virtualMachine, ipConfigurations }) => {
      const [first] = ipConfigurations ?? [];
      if (!virtualMachine?.id || !first) return [];
      const publicAddress = byId.get(first.publicIPAddress?.id?.toLowerCase() ?? "");
      return [
        [
          virtualMachine.id.toLowerCase(),
          { privateAddress: first.privateIPAddress ?? undefined, publicAddress },
        ] as const,
      ];
    }),
  );
}
