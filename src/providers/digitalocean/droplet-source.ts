import type { InventorySource } from "../cloud/inventory.ts";
import type { Client } from "./client.ts";
import { deleteDroplet, findDroplet, listDroplets } from "./droplets.ts";
import { machineOf } from "./map.ts";
import { clusterTag } from "./tags.ts";

/** Droplets for the inventory. */
export function dropletSource(client: Client): InventorySource {
  return {
    list: async (clusterId, signal) => {
      const droplets = await listDroplets(client, clusterTag(clusterId), signal);
      return droplets.flatMap((droplet) => machineOf(droplet, clusterId) ?? []);
    },
    removeDouble: async ({ first, second }, signal) => {
      if (await findDroplet(client, first.id, signal)) await deleteDroplet(client, second.id, signal);
    },
  };
}
