import { isDeepStrictEqual } from "node:util";
import type { EngineSpec } from "../spec/types.ts";
import { authorityFile, certificateFile, keyFile } from "./paths.ts";
import { isAtLeast } from "./versions.ts";

/** Keys of daemon.json with their values. */
export type DaemonKeys = Readonly<Record<string, unknown>>;

/** The file that should be there, and which keys of it are ours. */
export interface MergedDaemonJson {
  readonly merged: DaemonKeys;
  /** Keys that we set, so that a later run may take them away again; never one that the machine had as it is. */
  readonly owned: DaemonKeys;
}

/** The keys that an engine of this version gets: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file. */
export function desiredKeys(spec: EngineSpec, engineVersion: string): DaemonKeys {
  return {
    ...(isAtLeast(engineVersion, "29") && spec.install !== "never" ? { "firewall-backend": "iptables" } : {}),
    ...spec.daemon,
    ...(spec.mirrors.length > 0 ? { "registry-mirrors": spec.mirrors } : {}),
    ...(spec.api === "off" ? {} : tlsKeys),
  };
}

const tlsKeys: DaemonKeys = {
  tlsverify: true,
  tlscacert: authorityFile,
  tlscert: certificateFile,
  tlskey: keyFile,
};

/**
 * Merges the desired keys into those of the machine. A key that we set before and that is desired no more goes, unless
 * somebody has changed it since; every other key of the machine stays.
 */
export function mergeDaemonJson(current: DaemonKeys, owned: DaemonKeys, desired: DaemonKeys): MergedDaemonJson {
  const kept = Object.entries(current).filter(
    ([key, value]) => key in desired || !(key in owned) || !isDeepStrictEqual(value, owned[key]),
  );
  const ours = Object.entries(desired).filter(
    ([key, value]) => key in owned || !isDeepStrictEqual(current[key], value),
  );
  return { merged: { ...Object.fromEntries(kept), ...desired }, owned: Object.fromEntries(ours) };
}

/**
 * What in the machine's file, or in the keys of the cluster file, cannot go together with what beltkit sets up: each a
 * sentence's end that names the key.
 */
export function conflictsIn(current: DaemonKeys, owned: DaemonKeys, spec: EngineSpec): readonly string[] {
  const both = { ...current, ...spec.daemon };
  const ownTls = Object.keys(tlsKeys).filter((key) => isForeign(key, current, owned));
  return [
    ...(both["live-restore"] === true ? ["live-restore is true, which swarm mode refuses"] : []),
    ...(both["firewall-backend"] === "nftables" ? ["firewall-backend is nftables, which swarm mode refuses"] : []),
    ...("hosts" in both && (spec.api !== "off" || "hosts" in spec.daemon)
      ? ["hosts is set, which the packaged unit's own -H fd:// does not go together with"]
      : []),
    ...(spec.api === "off" ? [] : ownTls.map((key) => `${key} is set to ${JSON.stringify(current[key])} already`)),
    ...Object.keys(tlsKeys)
      .filter((key) => key in spec.daemon)
      .map((key) => `engine.daemon sets ${key}, which engine.api governs`),
  ];
}

function isForeign(key: string, current: DaemonKeys, owned: DaemonKeys): boolean {
  return (
    key in current && !isDeepStrictEqual(current[key], tlsKeys[key]) && !isDeepStrictEqual(current[key], owned[key])
  );
}
