import type { Machine } from "../providers/provider.ts";
import { readTextIfThere } from "../util/files.ts";
import type { ClusterContext } from "./context.ts";
import { authorityFile, sshKeyFile } from "./keys.ts";
import { settingsLabel } from "./owned-labels.ts";
import { differingParts, type SettingsPart, settingsDigest, settingsKey } from "./settings.ts";
import { isNodeSpec } from "./spec/types.ts";
import type { Observed } from "./types.ts";
import { walledProviders } from "./walled-providers.ts";

/** Gives the label's value for a machine with an engine of this version, as the cluster file wants it. */
type Digest = (machine: Machine, engineVersion: string) => string;

/**
 * The digests of a cluster's settings. Nothing where its keys are not there, as before the first `up`: they are not made here.
 */
export async function settingsDigests(context: ClusterContext): Promise<Digest | undefined> {
  const { folder, spec, id } = context;
  const [privateKey, authorityPem] = await Promise.all([
    readTextIfThere(sshKeyFile(folder)),
    readTextIfThere(authorityFile(folder)),
  ]);
  if (!privateKey || !authorityPem) return undefined;
  const key = settingsKey(privateKey, id);
  const walled = await walledProviders(context);
  return (machine, engineVersion) => {
    const firewall = walled.has(machine.provider) ? spec.firewall : undefined;
    return settingsDigest(key, { machine, engineSpec: spec.engine, engineVersion, authorityPem, firewall });
  };
}

/**
 * In which settings the machines are not as the cluster file says, by their names, from what their nodes' labels remember: no
 * machine is asked. A node without the label is left out, since nobody knows.
 */
export async function settingsDrift(
  context: ClusterContext,
  { machines }: Observed,
): Promise<ReadonlyMap<string, readonly SettingsPart[]>> {
  if (context.stale) return new Map(); // what the journal keeps of the file lacks engine.daemon
  const nodes = new Set(context.spec.machines.filter(isNodeSpec).map(({ name }) => name));
  const labelled = machines.filter(({ name, node }) => nodes.has(name) && node?.labels[settingsLabel] !== undefined);
  const digest = labelled.length > 0 ? await settingsDigests(context) : undefined;
  if (!digest) return new Map();
  return new Map(
    labelled.flatMap(({ name, machine, node }) => {
      if (!machine || !node) return [];
      const differing = differingParts(node.labels[settingsLabel] ?? "", digest(machine, node.engineVersion));
      return differing.length > 0 ? [[name, differing] as const] : [];
    }),
  );
}
