import type { Provider, ProviderContext, ProviderPlugin } from "../provider.ts";
import { findProblems } from "./check.ts";
import { type Cloud, openCloud } from "./cloud.ts";
import { createMachines } from "./create.ts";
import { providerName } from "./map.ts";
import { azureOptions, optionsOf } from "./options.ts";
import { policy } from "./policy.ts";
import { openPower } from "./power.ts";
import { removeMachines } from "./remove.ts";
import { openResize } from "./resize.ts";
import { openShared } from "./shared.ts";

/** Virtual machines of a subscription in AZURE_SUBSCRIPTION_ID, with the credentials that Azure's own tools use. */
export const azure: ProviderPlugin = {
  name: providerName,
  title: "Virtual machines of Azure",
  pace: { pollMs: 5000, batch: 16, parallel: 2 },
  hostKeys: "call",
  firewall: "provider",
  zones: true,
  policy,
  options: azureOptions,
  describe: (options) => {
    const { image, location, size } = optionsOf(options);
    return { image, region: location, defaultSize: size };
  },
  open: async (context: ProviderContext) => openMachines(openCloud(context)),
};

function openMachines(cloud: Cloud): Provider {
  return {
    name: providerName,
    check: (spec, signal) => findProblems(cloud, spec, signal),
    list: (clusterId, signal) => cloud.inventory.list(clusterId, signal),
    clusters: (name, signal) => cloud.places.clustersNamed(name, signal),
    create: (requests, signal) => createMachines(cloud, requests, signal),
    remove: (machines, signal) => removeMachines(cloud, machines, signal),
    shared: openShared(cloud),
    power: openPower(cloud),
    resize: openResize(cloud),
    [Symbol.asyncDispose]: async () => {},
  };
}
