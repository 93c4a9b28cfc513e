import { isIP } from "node:net";
import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import type { ListedHost } from "./host-words.ts";

/**
 * Reads hosts from JSON: what `terraform output -json` prints, or the same values without its wrapping. An output may be an
 * address, a list of addresses or of objects, or a map of names; objects may call their addresses as the clouds' resources do.
 * An output (or a key) that speaks of managers makes its hosts managers; other outputs are passed over.
 *
 * @throws BeltError `usage.invalid` where it is no JSON, or no host is in it.
 */
export function parseHostJson(text: string): readonly ListedHost[] {
  const hosts = hostsIn(unwrapped(parse(text)), undefined);
  if (hosts.length > 0) return hosts;
  throw new BeltError("usage.invalid", "there is no host in this JSON", {
    hint: 'It should be such as {"managers": ["203.0.113.11"], "workers": [{"name": "node1", "public_ip": "203.0.113.12", "private_ip": "10.0.0.12"}]}; terraform output -json is read as it is.',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BeltError("usage.invalid", "what stands on standard input is no JSON", {
      hint: "terraform output -json | belt init > cluster.yml",
      cause,
    });
  }
}

const wrapped = z.record(z.string(), z.object({ value: z.unknown(), sensitive: z.boolean().optional() }));

/** Terraform gives each output with its type and whether it is sensitive: https://developer.hashicorp.com/terraform/cli/commands/output. */
function unwrapped(document: unknown): unknown {
  const outputs = wrapped.safeParse(document);
  if (!outputs.success) return document;
  const open = Object.entries(outputs.data).filter(([, { sensitive }]) => sensitive !== true);
  return Object.fromEntries(open.map(([name, { value }]) => [name, value]));
}

type Role = ListedHost["role"];

function hostsIn(value: unknown, role: Role): readonly ListedHost[] {
  if (typeof value === "string") return isAddress(value) ? [{ address: value, role }] : [];
  if (Array.isArray(value)) return value.flatMap((one) => hostsIn(one, role));
  const host = hostFrom(value, role);
  if (host) return [host];
  return entriesOf(value).flatMap(([key, one]) => {
    const found = hostsIn(one, roleOf(key) ?? role);
    // A map of names has one host at each name; an output with one address is called after what it is for.
    return Array.isArray(one) ? found : found.map((host) => ({ ...host, name: host.name ?? labelOf(key) }));
  });
}

const ADDRESS_KEYS = ["address", "publicAddress", "public_address", "public_ip", "public_ip_address", "ipv4_address"];
const OTHER_ADDRESS_KEYS = ["ip", "ip_address", "fqdn", "public_dns", "hostname", "host"];
const PRIVATE_KEYS = ["privateAddress", "private_address", "private_ip", "private_ip_address", "ipv4_address_private"];

function hostFrom(value: unknown, role: Role): ListedHost | undefined {
  const fields = new Map(entriesOf(value));
  const text = (...keys: readonly string[]): string | undefined => {
    const found = keys.map((key) => fields.get(key)).find((one) => typeof one === "string" && one !== "");
    return typeof found === "string" ? found : undefined;
  };
  const privateAddress = text(...PRIVATE_KEYS);
  const address = text(...ADDRESS_KEYS, ...OTHER_ADDRESS_KEYS) ?? privateAddress;
  if (address === undefined) return undefined;
  const port = fields.get("port");
  const name = text("name");
  const labels = z.record(z.string(), z.string()).safeParse(fields.get("labels"));
  return {
    ...{ address, privateAddress, role: roleOf(text("role", "group") ?? "") ?? role },
    ...{
      name: name && labelOf(name),
      user: text("user", "ssh_user"),
      port: typeof port === "number" ? port : undefined,
    },
    ...(labels.success ? { labels: labels.data } : {}),
  };
}

function roleOf(word: string): Role {
  if (/manager|master|leader|control/i.test(word)) return "manager";
  return /worker|node|agent/i.test(word) ? "worker" : undefined;
}

function labelOf(text: string): string | undefined {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text) ? text : undefined;
}

function isAddress(text: string): boolean {
  return isIP(text) !== 0 || /^(?=.*[a-z])[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(text);
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
