import { isIP } from "node:net";
import { BeltError } from "../../util/errors.ts";
import type { ListedHost } from "./host-words.ts";

/** A cluster file of hosts that is to be written. */
export interface HostsFile {
  readonly name: string;
  readonly hosts: readonly ListedHost[];
  /** How many managers there are to be, where the hosts do not say. */
  readonly managers?: number | undefined;
  readonly jump?: string | undefined;
  /** Whole lines that stand before the groups. */
  readonly settings?: readonly string[];
}

/**
 * The text of a cluster file for hosts that exist already. Machines are called by the names that were given, else by the first
 * part of the host's name, else `node1`, `node2`, … The first hosts become managers where none says that it is one: one of
 * fewer than five, else three.
 *
 * @throws BeltError `usage.invalid` for two hosts of one name or address, or more managers than hosts.
 */
export function hostsFileText({ name, hosts, managers, jump, settings = [] }: HostsFile): string {
  refuseTwice(
    hosts.map(({ address, port }) => `${address}${port === undefined ? "" : `:${port}`}`),
    "address",
  );
  const named = withNames(hosts);
  refuseTwice(
    named.map((host) => host.name),
    "name",
  );
  const count = managerCount(hosts, managers);
  const roles = named.map((host, index) => roleOf(host, { index, count }));
  const group = (title: string, role: string): readonly string[] => {
    const members = named.filter((_, index) => roles[index] === role);
    if (members.length === 0) return [];
    return [
      `  ${title}:`,
      `    role: ${role}`,
      "    hosts:",
      ...members.map((host) => `      ${host.name}: ${mapText(host)}`),
    ];
  };
  return [
    ...["version: 1", `name: ${scalar(name)}`, "provider: ssh"],
    ...(jump === undefined ? [] : [`ssh: { jump: ${scalar(jump)} }`]),
    ...settings,
    "groups:",
    ...group("managers", "manager"),
    ...group("workers", "worker"),
    "",
  ].join("\n");
}

type Named = ListedHost & { readonly name: string };

function managerCount(hosts: readonly ListedHost[], asked: number | undefined): number {
  if (asked !== undefined && (asked < 1 || asked > hosts.length))
    throw new BeltError("usage.invalid", `there cannot be ${asked} managers among ${hosts.length} hosts`, {
      hint: "Ask for one at least, and an odd number: --managers 3",
    });
  return asked ?? (hosts.length < 5 ? 1 : 3);
}

function roleOf(host: ListedHost, { index, count }: { readonly index: number; readonly count: number }): string {
  return host.role ?? (index < count ? "manager" : "worker");
}

/** Names are kept, or taken from the host's own, and made different from one another where they were not given. */
function withNames(hosts: readonly ListedHost[]): readonly Named[] {
  const taken = new Set(hosts.flatMap(({ name }) => name ?? []));
  return hosts.map((host) => {
    if (host.name !== undefined) return { ...host, name: host.name };
    const own = isIP(host.address) === 0 ? labelFrom(host.address) : undefined;
    const candidates = [...(own === undefined || own === "" ? [] : [own]), ...numbered(own || "node", hosts.length)];
    const name = candidates.find((one) => !taken.has(one)) ?? "node";
    taken.add(name);
    return { ...host, name };
  });
}

/** A label of RFC 1123 from the first part of a host's name. */
export function labelFrom(hostname: string): string {
  const [first = ""] = hostname.toLowerCase().split(".");
  return first
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63);
}

function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count + 1 }, (_, index) => `${prefix}${/\d$/.test(prefix) ? "-" : ""}${index + 1}`);
}

function mapText({ address, privateAddress, user, port, labels, availability, node }: ListedHost): string {
  const fields = Object.entries({ address, privateAddress, user, port, availability, node }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${scalar(value)}`],
  );
  const own = Object.entries(labels ?? {}).map(([key, value]) => `${scalar(key)}: ${JSON.stringify(value)}`);
  return `{ ${[...fields, ...(own.length === 0 ? [] : [`labels: { ${own.join(", ")} }`])].join(", ")} }`;
}

/** A value as YAML, readable inside braces: in quotes where it could be read as anything but this text. */
function scalar(value: string | number): string {
  if (typeof value === "number") return String(value);
  const plain = /^[A-Za-z][A-Za-z0-9_./@-]*$|^\d+\.\d+\.\d+\.\d+$/.test(value);
  return plain && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value) ? value : JSON.stringify(value);
}

function refuseTwice(values: readonly string[], what: string): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice === undefined) return;
  throw new BeltError("usage.invalid", `two hosts have the ${what} ${twice}`, {
    hint: what === "name" ? "Give them names of their own: mg1=203.0.113.11" : "Name each host once.",
  });
}
