import type { Provider, ProviderPlugin } from "../provider.ts";
import { findProblems } from "./check.ts";
import { type Cloud, openCloud } from "./cloud.ts";
import { createMachines } from "./create.ts";
import { SharedGround } from "./ground.ts";
import { findInstances } from "./instances.ts";
import { providerName } from "./map.ts";
import { awsOptions, optionsOf } from "./options.ts";
import { policy } from "./policy.ts";
import { openPower } from "./power.ts";
import { removeMachines } from "./remove.ts";
import { openResize } from "./resize.ts";
import { instanceType } from "./sizes.ts";
import { clusterNameKey, readMarks } from "./tags.ts";

/** Instances of EC2, by the credentials that every tool of AWS finds. */
export const aws: ProviderPlugin = {
  name: providerName,
  title: "Instances of Amazon EC2",
  pace: { pollMs: 3000, batch: 100, parallel: 4 },
  hostKeys: "call",
  firewall: "provider",
  zones: true,
  policy,
  options: awsOptions,
  describe: (options) => {
    const { image, region = "", size } = optionsOf(options);
    return { image, region, defaultSize: instanceType(size) };
  },
  sizeOf: instanceType,
  open: async (context) => openInstances(openCloud(context)),
};

function openInstances(cloud: Cloud): Provider {
  const ground = new SharedGround(cloud);
  return {
    name: providerName,
    check: (spec, signal) => findProblems(cloud, ground, spec, signal),
    list: (clusterId, signal) => cloud.inventory.list(clusterId, signal),
    clusters: async (name, signal) => {
      const filters = [
        { Name: `tag:${clusterNameKey}`, Values: [name] },
        { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped", "shutting-down"] },
      ];
      const found = await findInstances(cloud.client, filters, signal);
      return [...new Set(found.flatMap(({ Tags }) => readMarks(Tags)?.clusterId ?? []))];
    },
    create: (requests, signal) => createMachines(cloud, ground, requests, signal),
    remove: (machines, signal) => removeMachines(cloud, machines, signal),
    shared: ground,
    power: openPower(cloud),
    resize: openResize(cloud),
    [Symbol.asyncDispose]: () => cloud.namer.settled(),
  };
}
