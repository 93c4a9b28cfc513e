import { z } from "zod";
import { describeChanges, type InboundRule, inboundFor, members } from "../cloud/firewall-rules.ts";
import { isNameOf } from "../cloud/names.ts";
import type { ProviderSpec } from "../provider.ts";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";
import { removeNetworkPart } from "./interfaces.ts";
import { securityGroupName } from "./network-names.ts";
import { optionsOf } from "./options.ts";
import { sharedTags } from "./tags.ts";

const texts = z.array(z.string()).nullish();

const ruleSchema = z.object({
  name: z.string().nullish(),
  protocol: z.string(),
  access: z.string(),
  direction: z.string(),
  sourceAddressPrefix: z.string().nullish(),
  sourceAddressPrefixes: texts,
  destinationPortRange: z.string().nullish(),
  destinationPortRanges: texts,
});

const groupSchema = z.object({
  name: z.string(),
  tags: z.record(z.string(), z.string()).nullish(),
  securityRules: z.array(ruleSchema).nullish(),
});

type SecurityGroup = z.infer<typeof groupSchema>;

/** Where the security groups of a cluster are, and the addresses that its machines have among themselves. */
export interface Ground {
  readonly resourceGroup: string;
  readonly subnetRange: string;
}

/** What is to be done about one security group, and why; no reasons where it is as it should be. */
interface Step {
  readonly name: string;
  readonly wanted: readonly InboundRule[];
  readonly changes: readonly string[];
}

/** What `ensureSecurityGroups` would change, in the user's words. */
export async function inspectSecurityGroups(
  client: Client,
  spec: ProviderSpec,
  ground: Ground | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const own = ground ? await listOwn(client, spec.clusterId, ground.resourceGroup, signal) : [];
  return compare(own, spec, ground?.subnetRange).steps.flatMap(({ changes }) => changes);
}

/**
 * Brings a cluster's security groups to what its file says: one around the machines of each group, so that what a group
 * publishes changes by one call. What is as it should be is not touched.
 */
export async function ensureSecurityGroups(
  client: Client,
  spec: ProviderSpec,
  ground: Ground,
  signal: AbortSignal,
): Promise<void> {
  const own = await listOwn(client, spec.clusterId, ground.resourceGroup, signal);
  const { steps, surplus } = compare(own, spec, ground.subnetRange);
  await Promise.all(
    steps.filter(({ changes }) => changes.length > 0).map((step) => put(client, { spec, ground, step }, signal)),
  );
  for (const { name } of surplus)
    await removeNetworkPart(
      client,
      { resourceGroup: ground.resourceGroup, kind: "networkSecurityGroups", name },
      signal,
    ).catch(() => signal.throwIfAborted()); // machines of a group that the file names no more are still in it
}

function compare(
  own: readonly SecurityGroup[],
  spec: ProviderSpec,
  subnetRange: string | undefined,
): { readonly steps: readonly Step[]; readonly surplus: readonly SecurityGroup[] } {
  const steps = spec.groups.map((group): Step => {
    const name = securityGroupName(spec, group);
    const wanted = inboundFor(spec, group);
    const found = own.find((one) => one.name.toLowerCase() === name.toLowerCase());
    return { name, wanted, changes: describeChanges(group, found ? inboundOf(found, subnetRange) : [], wanted) };
  });
  return { steps, surplus: own.filter((one) => !steps.some(({ name }) => name === one.name)) };
}

/** The rules of a security group that let somebody in. Encapsulated overlays, and what keeps everybody else out, go without saying. */
function inboundOf({ securityRules }: SecurityGroup, subnetRange: string | undefined): readonly InboundRule[] {
  return (securityRules ?? []).flatMap((rule): readonly InboundRule[] => {
    const protocol = protocols.safeParse(rule.protocol.toLowerCase());
    if (rule.access !== "Allow" || rule.direction !== "Inbound" || !protocol.success) return [];
    const sources = [
      ...(rule.sourceAddressPrefixes ?? []),
      ...(rule.sourceAddressPrefix ? [rule.sourceAddressPrefix] : []),
    ];
    const ports = [
      ...(rule.destinationPortRanges ?? []),
      ...(rule.destinationPortRange ? [rule.destinationPortRange] : []),
    ];
    const addresses = sources
      .filter((source) => source !== subnetRange)
      .map((one) => (one === "*" ? "0.0.0.0/0" : one));
    const peers = sources.includes(subnetRange ?? "") ? [members] : [];
    return ports.map((one) => ({ protocol: protocol.data, ports: one === "*" ? "0" : one, addresses, peers }));
  });
}

const protocols = z.enum(["tcp", "udp", "icmp"]);

async function listOwn(
  client: Client,
  clusterId: string,
  resourceGroup: string,
  signal: AbortSignal,
): Promise<readonly SecurityGroup[]> {
  const about = { doing: "list security groups", action: "Microsoft.Network/networkSecurityGroups/read" };
  const all = await client
    .list(
      groupSchema,
      ({ network }, options) => network.networkSecurityGroups.list(resourceGroup, options),
      about,
      signal,
    )
    .catch((error: unknown) => {
      if (isGone(error)) return [];
      throw error;
    });
  return all.filter(({ name }) => isNameOf(clusterId, name));
}

interface Put {
  readonly spec: ProviderSpec;
  readonly ground: Ground;
  readonly step: Step;
}

async function put(client: Client, { spec, ground, step }: Put, signal: AbortSignal): Promise<void> {
  const { location, tags } = optionsOf(spec.options);
  const about = {
    doing: `set the security group ${step.name}`,
    action: "Microsoft.Network/networkSecurityGroups/write",
  };
  const body = {
    location,
    tags: { ...sharedTags(spec, tags) },
    securityRules: rulesOf(step.wanted, ground.subnetRange),
  };
  const begun = await client.begin(
    "write",
    ({ network }, options) =>
      network.networkSecurityGroups.createOrUpdate(ground.resourceGroup, step.name, body, options),
    about,
    signal,
  );
  await begun.end(signal);
}

/**
 * All that may come in, and then nothing else: Azure's own last rules would let in whatever is in the same network. Encrypted
 * overlay networks need ESP between the machines.
 */
function rulesOf(wanted: readonly InboundRule[], subnetRange: string) {
  const inbound = { direction: "Inbound", sourcePortRange: "*", destinationAddressPrefix: "*" };
  const allowed = wanted.map(({ protocol, ports, addresses, peers }) => ({
    ...{ ...inbound, access: "Allow", protocol: `${protocol.slice(0, 1).toUpperCase()}${protocol.slice(1)}` },
    ...{ name: `belt-${protocol}-${ports}`, destinationPortRange: ports === "0" ? "*" : ports },
    ...sourcesOf([...addresses, ...(peers.length > 0 ? [subnetRange] : [])]),
  }));
  const esp = { ...inbound, name: "belt-esp", access: "Allow", protocol: "Esp", destinationPortRange: "*" };
  const rest = { ...inbound, name: "belt-deny", access: "Deny", protocol: "*", destinationPortRange: "*" };
  return [
    ...[...allowed, { ...esp, sourceAddressPrefix: subnetRange }].map((rule, at) => ({ ...rule, priority: 100 + at })),
    { ...rest, sourceAddressPrefix: "*", priority: 4096 },
  ];
}

/** Azure takes one source, or several, by different names; everybody is a star. */
function sourcesOf(sources: readonly string[]) {
  if (sources.includes("0.0.0.0/0")) return { sourceAddressPrefix: "*" };
  const [only] = sources;
  return sources.length === 1 && only !== undefined
    ? { sourceAddressPrefix: only }
    : { sourceAddressPrefixes: [...sources] };
}
