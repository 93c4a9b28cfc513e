import { createHmac, hkdfSync } from "node:crypto";
import type { FirewallSpec } from "../providers/firewall-spec.ts";
import type { Machine } from "../providers/provider.ts";
import { firewallRules } from "./firewall/rules.ts";
import type { EngineSpec } from "./spec/types.ts";
import { subjectOf } from "./steps/certificates.ts";
import { tlsAddress } from "./steps/configuration.ts";
import { desiredKeys } from "./steps/daemon-json.ts";

/** What `up` keeps on a machine itself, each part with a digest of its own. All but the firewall are read when the engine starts. */
const parts = ["daemon", "api", "certificates", "firewall"] as const;

/** One part of a machine's settings. */
export type SettingsPart = (typeof parts)[number];

/** What the settings of one machine follow from, as far as it is known without a connection to it. */
export interface SettingsBasis {
  readonly machine: Machine;
  readonly engineSpec: EngineSpec;
  readonly engineVersion: string;
  /** The cluster's certificate authority. */
  readonly authorityPem: string;
  /** The firewall of the cluster file; absent where it has none, or where beltkit keeps none on the machine. */
  readonly firewall: FirewallSpec | undefined;
}

/**
 * The key of a cluster's digests, from its private SSH key: all who operate the cluster have that one, exported clusters bring it
 * along, and it cannot be guessed. Without it nobody can try whether a digest is that of a credential in `engine.daemon`.
 */
export function settingsKey(privateKey: string, clusterId: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", privateKey.trim(), clusterId, "beltkit belt.settings", 32));
}

/** The label's value for a machine that has these settings: `key:… daemon:… api:… …`, all of them keyed digests. */
export function settingsDigest(key: Uint8Array, basis: SettingsBasis): string {
  const texts = textsOf(basis);
  return [`key:${mac(key, "key", "")}`, ...parts.map((part) => `${part}:${mac(key, part, texts[part])}`)].join(" ");
}

/**
 * The parts in which two labels differ. Nothing is known, and so none differs, where one was written with another key, or by a
 * version that does not know the part.
 */
export function differingParts(label: string, wanted: string): readonly SettingsPart[] {
  const [had, has] = [fieldsOf(label), fieldsOf(wanted)];
  if (had.get("key") !== has.get("key")) return [];
  return parts.filter((part) => had.has(part) && had.get(part) !== has.get(part));
}

function textsOf(basis: SettingsBasis): Readonly<Record<SettingsPart, string>> {
  const { machine, engineSpec, engineVersion, authorityPem, firewall } = basis;
  const address = tlsAddress(basis);
  return {
    daemon: canonical(desiredKeys(engineSpec, engineVersion)),
    api: address ?? "",
    certificates: address === undefined ? "" : canonical([authorityPem.trim(), subjectOf(machine)]),
    firewall: firewall ? firewallText(firewall, machine.group) : "",
  };
}

/** The rules without what only the host knows, and without the members, whose comings and goings the plan shows as such. */
function firewallText(firewall: FirewallSpec, group: string): string {
  return firewallRules({ firewall, group, sshPort: 22, members: [], foreignBridges: [] });
}

/** JSON whose text does not depend on the order of keys, as the comparison on the machine does not. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

function mac(key: Uint8Array, part: string, text: string): string {
  return createHmac("sha256", key).update(`${part}\0${text}`).digest("hex").slice(0, 16);
}

function fieldsOf(label: string): ReadonlyMap<string, string> {
  return new Map(
    label.split(" ").map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1)] as const;
    }),
  );
}
