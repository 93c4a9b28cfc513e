import { z } from "zod";
import { firewall } from "./firewall.ts";
import {
  advertise,
  daemonKeys,
  engineVersion,
  hostAddress,
  hours,
  ipAddress,
  jumpHosts,
  label,
  labelKey,
  network,
  nodeId,
  userName,
  zone,
} from "./schema-parts.ts";

const labels = z.record(labelKey, z.string());

const ssh = z.strictObject({
  user: userName
    .optional()
    .describe("The user that SSH logs in as, with sudo -n unless it is root. Default: the image's own user."),
  authorizedKeys: z
    .array(z.string().min(1))
    .default([])
    .describe("Files of public keys of operators, put on every machine beside the cluster's own key."),
  jump: jumpHosts
    .optional()
    .describe(
      "The jump hosts on the way to machines without a public address and to hosts that exist already, such as ops@bastion.example. Default for hosts: what your own SSH configuration says.",
    ),
});

/** The engine takes no mirror with a password in it either. */
const mirror = z
  .url({ protocol: /^https?$/, error: "must be a URL that begins with https:// or http://" })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""), {
    error: "must be a URL without a user or a password",
  });

const engine = z.strictObject({
  version: engineVersion
    .optional()
    .describe(
      "Exactly this version of Docker Engine, from Docker's repository, held. Unset: any engine from 20.10 on is left alone.",
    ),
  install: z
    .enum(["auto", "docker", "distro", "never"])
    .default("auto")
    .describe(
      "Where the engine comes from: Docker's repository (docker), the distribution (distro), whichever fits (auto), or it is there already (never).",
    ),
  api: z
    .enum(["members", "operators", "loopback", "off"])
    .default("members")
    .describe(
      "Who reaches the engine with TLS on port 2376: the cluster's machines (members), the machine itself (loopback), nobody (off).",
    ),
  daemon: daemonKeys.default({}).describe("More keys for /etc/docker/daemon.json, such as log-driver."),
  mirrors: z.array(mirror).default([]).describe("Registry mirrors that the engines pull Docker Hub's images through."),
});

const addressPool = z.strictObject({
  base: network.describe("The network that is cut into subnets, such as 10.20.0.0/16."),
  size: z.int().min(1).max(29).describe("The prefix length of each subnet, such as 24; the same in all pools."),
});

const swarm = z.strictObject({
  advertise: advertise
    .default("private")
    .describe(
      "The address that each node gives the others: its private one, its public one, or that of a network interface.",
    ),
  addressPools: z
    .array(addressPool)
    .default([])
    .describe(
      "Where overlay networks get their subnets from. Default: the engine's own, 10.0.0.0/8 in subnets of /24.",
    ),
  autolock: z.boolean().default(false).describe("Whether a restarted manager wants an unlock key. Only false so far."),
  certExpiry: hours.default("2160h").describe("How long a node's certificate in the swarm is valid, at least 1h."),
});

const limits = z.strictObject({
  maxMachines: z.int().min(1).max(10_000).default(200).describe("The most machines that the cluster may have."),
  maxFailures: z
    .int()
    .min(1)
    .max(10_000)
    .default(3)
    .describe("How many machines of a group may fail before no more are made."),
  maxHourlyPrice: z
    .number()
    .positive()
    .optional()
    .describe("The most that all machines may cost an hour, in the provider's currency, where it says its prices."),
});

const drain = z.strictObject({
  localVolumes: z
    .enum(["keep", "move"])
    .default("keep")
    .describe(
      "Whether tasks may be moved away from volumes that live on their node, to start elsewhere on empty ones: keep refuses it.",
    ),
});

const size = z.string().min(1);
const image = z.string().min(1);

const override = z.strictObject({
  size: size.optional().describe("The size of these machines instead of the group's."),
  image: image.optional().describe("The image of these machines instead of the group's."),
  labels: labels.optional().describe("Node labels of these machines, added to the group's."),
});

const availability = z.enum(["active", "pause", "drain"]);

const host = z.strictObject({
  address: hostAddress.describe(
    "What SSH connects to: an address, or a name that your own SSH configuration resolves.",
  ),
  privateAddress: ipAddress
    .optional()
    .describe("The host's own address towards the other machines. Default: the one that SSH arrives at."),
  user: userName
    .optional()
    .describe("The user that SSH logs in as. Default: ssh.user, else your own SSH configuration's."),
  port: z.int().min(1).max(65_535).optional().describe("The port of its sshd. Default: your own SSH configuration's."),
  labels: labels.optional().describe("Node labels of this host, added to the group's."),
  availability: availability.optional().describe("Whether the scheduler may place tasks here, instead of the group's."),
  node: nodeId
    .optional()
    .describe(
      "The swarm node that this host is already, as belt adopt --swarm writes it: it is joined to nothing then.",
    ),
});

const group = z.strictObject({
  role: z
    .enum(["manager", "worker", "none", "bare"])
    .describe(
      "What the group's machines are in the swarm; none: an engine and no swarm, until they are joined by name; bare: no engine either.",
    ),
  machines: z
    .string()
    .optional()
    .describe(
      "The machines by name, as ranges: node[1:10], mg[0:2], or several side by side. Empty for none at present.",
    ),
  hosts: z
    .record(label, host)
    .optional()
    .describe("The hosts of a group of the provider ssh, which exist already, by the names of their machines."),
  provider: z.string().optional().describe("The provider of this group. Default: the cluster's."),
  size: size
    .optional()
    .describe("The size of each machine, as the provider names it; on local a limit such as 2gb or 2cpu-4gb."),
  image: image
    .optional()
    .describe("What each machine is made from, as the provider's own `image` option names it. Default: that option."),
  zones: z
    .array(zone)
    .default([])
    .describe(
      "The zones of the region that the machines are spread over, in turn by their numbers, where the provider has zones.",
    ),
  availability: availability
    .default("active")
    .describe("Whether the scheduler may place tasks on these nodes; drain keeps managers free of them."),
  labels: labels.default({}).describe("Labels put on each node, for placement constraints."),
  overrides: z
    .record(z.string(), override)
    .default({})
    .describe("What differs for some machines of the group; each key is a range of their names."),
});

/** The cluster file without the providers' own blocks, which {@link parseSpec} reads with each plugin's schema. */
export const clusterFile = z.strictObject({
  version: z.literal(1).describe("The version of this format: always 1."),
  name: label.describe("The cluster's name, an RFC 1123 label."),
  provider: z.string().describe("The provider that makes the machines; a group may name another."),
  providers: z
    .record(label, z.string().min(1))
    .optional()
    .describe(
      "Providers by others that are no packages: the path of each one's main module, or of a folder with a package.json, from this file's folder.",
    ),
  ssh: ssh.prefault({}).describe("How beltkit logs in to the machines."),
  engine: engine.prefault({}).describe("Docker Engine on the machines."),
  swarm: swarm.prefault({}).describe("The swarm that the machines form."),
  firewall: firewall
    .optional()
    .describe("Who may reach the machines from outside. Required where machines face the internet."),
  limits: limits.prefault({}).describe("Bounds that no command goes beyond."),
  drain: drain.prefault({}).describe("How nodes are drained before they go."),
  protect: z.boolean().default(false).describe("Whether `belt down` refuses to remove this cluster."),
  groups: z
    .record(label, group)
    .default({})
    .describe("The machines, in groups of one role and one description; the key is the group's name."),
});

/** What {@link clusterFile} makes of a valid file: everything filled in, ranges still as written. */
export type ClusterFile = z.output<typeof clusterFile>;
