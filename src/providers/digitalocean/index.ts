import type { Provider, ProviderPlugin } from "../provider.ts";
import { findProblems } from "./check.ts";
import { type Cloud, openCloud } from "./cloud.ts";
import { createMachines } from "./create.ts";
import { imageSlug } from "./images.ts";
import { providerName } from "./map.ts";
import { digitaloceanOptions, optionsOf } from "./options.ts";
import { policy } from "./policy.ts";
import { openPower } from "./power.ts";
import { openPrices } from "./prices.ts";
import { removeMachines } from "./remove.ts";
import { openResize } from "./resize.ts";
import { openShared } from "./shared.ts";
import { sizeSlug } from "./sizes.ts";
import { listTags } from "./tag-calls.ts";
import { clusterIdIn } from "./tags.ts";
import { Vpcs } from "./vpcs.ts";

/** Droplets, by a token in DIGITALOCEAN_ACCESS_TOKEN. */
export const digitalocean: ProviderPlugin = {
  name: providerName,
  title: "Droplets of DigitalOcean",
  pace: { pollMs: 3000, batch: 10, parallel: 4, settleMs: 30_000 },
  hostKeys: "call",
  firewall: "provider",
  policy,
  options: digitaloceanOptions,
  describe: (options) => {
    const { image, region, size } = optionsOf(options);
    return { image: imageSlug(image), region, defaultSize: sizeSlug(size) };
  },
  sizeOf: sizeSlug,
  open: async (context) => openDroplets(openCloud(context, fetch)),
};

function openDroplets(cloud: Cloud): Provider {
  const vpcs = new Vpcs(cloud.client, cloud.clock);
  return {
    name: providerName,
    check: (spec, signal) => findProblems(cloud, spec, signal),
    list: (clusterId, signal) => cloud.inventory.list(clusterId, signal),
    clusters: async (name, signal) => {
      const tags = await listTags(cloud.client, signal);
      const worn = tags.filter(({ droplets }) => droplets === undefined || droplets > 0);
      return [...new Set(worn.flatMap((tag) => clusterIdIn(tag.name, name) ?? []))];
    },
    create: (requests, signal) => createMachines(cloud, vpcs, requests, signal),
    remove: (machines, signal) => removeMachines(cloud, machines, signal),
    shared: openShared(cloud, vpcs),
    power: openPower(cloud),
    resize: openResize(cloud),
    prices: openPrices(cloud),
    [Symbol.asyncDispose]: async () => {},
  };
}
