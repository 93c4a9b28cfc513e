import type { InventorySource } from "../cloud/inventory.ts";
import type { Client } from "./client.ts";
import { unlessGone } from "./codes.ts";
import { listInstances, terminateInstances } from "./instances.ts";
import { machineOf } from "./map.ts";

/** Instances for the inventory. */
export function instanceSource(client: Client): InventorySource {
  return {
    isLate: true,
    list: async (clusterId, signal) => {
      const region = await client.region(signal);
      const instances = await listInstances(client, clusterId, signal);
      return instances.flatMap((instance) => machineOf(instance, region) ?? []);
    },
    removeDouble: async ({ second }, signal) => {
      await terminateInstances(client, [second.id], signal).catch(unlessGone);
    },
  };
}
