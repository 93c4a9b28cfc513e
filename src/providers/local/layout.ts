import path from "node:path";
import { BeltError } from "../../util/errors.ts";
import { clusterIdPattern, namePattern } from "../../util/names.ts";

/** Where things of the provider are kept when BELT_LOCAL_ROOT says nothing else. */
const defaultRoot = "/var/lib/beltkit";

/** The lock of everything on this host that machines share, whatever root they are kept under. */
export const hostLockFile = "/run/beltkit.lock";
/** What was changed on this host for the machines' sake, and for which clusters. */
export const hostStateFile = "/run/beltkit.json";

/**
 * The provider's root folder.
 *
 * @throws BeltError `usage.invalid` for one that cannot stand in a mount option.
 */
export function rootFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { BELT_LOCAL_ROOT: root = defaultRoot } = env;
  if (/^\/[A-Za-z0-9._/+-]+$/.test(root)) return path.normalize(root).replace(/\/$/, "");
  throw new BeltError("usage.invalid", `BELT_LOCAL_ROOT is "${root}", which machines cannot be kept under`, {
    hint: "Give an absolute path of letters, digits, dots, dashes, underscores and plus signs.",
  });
}

/** The folder of one image: `image.json` and `root` (a base's file system, or a layer's changes). */
export function imageFolder(root: string, name: string): string {
  return path.join(root, "images", name);
}

/** The folder of all clusters. */
export function clustersFolder(root: string): string {
  return path.join(root, "clusters");
}

/**
 * The folder of one cluster: `cluster.json` and `machines`.
 *
 * @throws BeltError `state.damaged` for an id that could lead out of the root.
 */
export function clusterFolder(root: string, clusterId: string): string {
  if (!clusterIdPattern.test(clusterId)) throw noPart("cluster's id", clusterId);
  return path.join(clustersFolder(root), clusterId);
}

/** The folder of a cluster's machines, one folder a name. */
export function machinesFolder(root: string, clusterId: string): string {
  return path.join(clusterFolder(root, clusterId), "machines");
}

/** The folder of one machine. @throws BeltError `state.damaged` for an id or a name that could lead out of the root. */
export function machineFolder(root: string, machine: { readonly clusterId: string; readonly name: string }): string {
  if (!namePattern.test(machine.name)) throw noPart("machine's name", machine.name);
  return path.join(machinesFolder(root, machine.clusterId), machine.name);
}

function noPart(what: string, text: string): BeltError {
  return new BeltError("state.damaged", `${JSON.stringify(text)} is no ${what}, and nothing is looked for under it`, {
    hint: "What names it (a journal, an exported cluster) was not written by belt: restore it from a copy.",
  });
}
