import type { Machine, Provider, ProviderContext, ProviderPlugin, ProviderSpec } from "../provider.ts";
import { ensureCluster } from "./allocate.ts";
import { hostCgroups } from "./cgroup.ts";
import { openConsole } from "./console.ts";
import { createMachines, sideBySide } from "./create.ts";
import { refuseElsewhere } from "./elsewhere.ts";
import { fileFaults } from "./file-faults.ts";
import { type Host, openHost } from "./host.ts";
import { openImages } from "./images.ts";
import { observeMachine, providerName } from "./machine.ts";
import { localOptions } from "./options.ts";
import { openPower } from "./power.ts";
import { removeClusterIfEmpty, removeMachines } from "./remove.ts";
import { findProblems } from "./requirements.ts";
import { openResize } from "./resize.ts";
import { unlimited } from "./size.ts";

/** Real machines on this one Linux host, each a Debian with its own systemd and network, by systemd-nspawn. Needs root. */
export const local: ProviderPlugin = {
  name: providerName,
  title: "Machines on this Linux host (systemd-nspawn)",
  pace: { pollMs: 100, batch: 1, parallel: sideBySide },
  hostKeys: "each",
  firewall: "none",
  options: localOptions,
  describe: (options) => {
    const { image, region } = localOptions.parse(options ?? {});
    return { image, region, defaultSize: unlimited };
  },
  fileFaults,
  open: async (context) => openLocal(openHost(context), context),
};

function openLocal(host: Host, context: ProviderContext): Provider {
  return {
    name: providerName,
    check: async (spec) => {
      const refusal = await refuseElsewhere(context);
      return refusal ? [refusal] : await findProblems(host, context, spec);
    },
    list: (clusterId) => list(host, clusterId),
    clusters: async (name) => {
      const records = await host.store.clusters();
      return records.filter(({ clusterName }) => clusterName === name).map(({ clusterId }) => clusterId);
    },
    create: async (requests, signal) => createMachines(host, await hostCgroups(), requests, signal),
    remove: async (machines, signal) => removeMachines(host, await hostCgroups(), machines, signal),
    shared: {
      inspect: async () => [], // its network comes and goes with the machines
      ensure: (spec, signal) => ensureShared(host, spec, signal),
      remove: async (clusterId, signal) => removeClusterIfEmpty(host, await hostCgroups(), clusterId, signal),
    },
    power: openPower(host),
    resize: openResize(host),
    console: openConsole(host),
    images: openImages(host),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Everything of a cluster on this host in one pass over its folder, joined with what runs. */
async function list(host: Host, clusterId: string): Promise<readonly Machine[]> {
  const records = await host.store.machines(clusterId);
  if (records.length === 0) return [];
  const cgroups = await hostCgroups();
  return await Promise.all(records.map((record) => observeMachine(host.store, cgroups, record)));
}

async function ensureShared(host: Host, spec: ProviderSpec, signal: AbortSignal): Promise<void> {
  const [first] = spec.requests;
  const { clusterId, clusterName } = spec;
  if (first)
    await host.locked(signal, () => ensureCluster(host, { clusterId, clusterName, options: first.options }, signal));
}
