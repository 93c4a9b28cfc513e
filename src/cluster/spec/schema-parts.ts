import { z } from "zod";
import { DURATION, parseDurationMs } from "../../util/durations.ts";
import { parseIpv4Network } from "../../util/ipv4-network.ts";

/** An RFC 1123 label in lowercase, as clusters, groups and machines are named. */
export const label = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: "must be an RFC 1123 label: at most 63 lowercase letters, digits and hyphens, no hyphen at either end",
});

/** The key of a node label. Those that begin with `belt.` say what beltkit remembers of a node. */
export const labelKey = z
  .string()
  .regex(/^(?!belt\.)/, {
    error: "begins with belt., which is reserved for beltkit itself: take another word",
    abort: true,
  })
  .min(1, { error: "must not be empty" });

/** A duration of at least one hour, such as `2160h` or `90d`. */
export const hours = z
  .string()
  .regex(DURATION, { error: "must be a duration such as 2160h or 90d", abort: true })
  .refine((text) => (parseDurationMs(text) ?? 0) >= 3_600_000, {
    error: "must be one hour or more: the swarm refuses less",
  });

/** The version of an engine or the beginning of one: `29`, `29.10`, `29.1.0`; from 20.10 on. */
export const engineVersion = z
  .string()
  .regex(/^[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}$/, {
    error: 'must be a version such as "29.1.0", or the beginning of one such as "29.1"',
    abort: true,
  })
  .refine(isSupported, { error: "is too old: beltkit works with Docker Engine 20.10 and later" });

/** An IPv4 network in CIDR notation without host bits. */
export const network = z
  .string()
  .refine((text) => parseIpv4Network(text) !== undefined, {
    error: "must be an IPv4 network such as 10.20.0.0/16",
    abort: true,
  })
  .refine((text) => parseIpv4Network(text)?.canonical === text, {
    error: (issue) =>
      `is an address inside a network, not a network: write ${parseIpv4Network(String(issue.input))?.canonical}`,
  });

const zoneWords = { error: "must be a zone as the provider names it, such as us-east-1a, a or 1" };

/** A zone as its provider names it: `a`, `us-east-1a`, `1`. */
export const zone = z.union(
  [z.string().regex(/^[a-z0-9-]{1,40}$/, zoneWords), z.int(zoneWords).min(1).max(9)],
  zoneWords,
);

/** `private`, `public`, or a Linux interface name (at most 15 characters, no slash or space). */
export const advertise = z.string().regex(/^[^\s/]{1,15}$/, {
  error: "must be private, public, or the name of a network interface",
});

/** A login name. */
export const userName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be a user name such as root or ubuntu" });

/** What `ssh -J` takes: jump hosts, each with its user and port if need be, several with commas. */
export const jumpHosts = z.string().refine((text) => text.split(",").every((hop) => JUMP_HOST.test(hop)), {
  error: "must be a jump host such as ops@bastion.example or ops@bastion.example:2222, several with commas",
});

const JUMP_HOST = /^(?:[a-z_][\w.-]*@)?(?:\w[\w.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** What SSH connects to: an address, a host name, or an alias of ssh_config(5). */
export const hostAddress = z.string().regex(/^[A-Za-z0-9_][\w.:%-]{0,252}$/, {
  error: "must be an address, or a name that ssh knows here",
});

/** An IPv4 or IPv6 address. */
export const ipAddress = z.union([z.ipv4(), z.ipv6()], { error: "must be an IP address such as 10.0.0.11" });

/** The id of a node of a swarm. */
export const nodeId = z.string().regex(/^[a-z0-9]{25}$/, {
  error: "must be the id of a swarm node, 25 letters and digits, as docker node ls shows it",
});

/** Keys of daemon.json that beltkit sets itself, or that the swarm cannot live with, and why. */
const OWNED_DAEMON_KEYS: Readonly<Record<string, string>> = {
  hosts: "beltkit says where the engine listens; use engine.api",
  tls: "beltkit sets it; use engine.api",
  tlsverify: "beltkit sets it; use engine.api",
  tlscacert: "beltkit sets it",
  tlscert: "beltkit sets it",
  tlskey: "beltkit sets it",
};

/** More keys for daemon.json, without those that beltkit answers for. */
export const daemonKeys = z.record(z.string().min(1), z.unknown()).check((context) => {
  for (const [key, value] of Object.entries(context.value)) {
    const reason =
      key === "live-restore" && value === true ? "a swarm refuses engines with live-restore" : OWNED_DAEMON_KEYS[key];
    if (reason === undefined) continue;
    context.issues.push({ code: "custom", input: value, path: [key], message: `cannot be set here: ${reason}` });
  }
});

function isSupported(version: string): boolean {
  const [major = 0, minor = Number.POSITIVE_INFINITY] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 10);
}
