import { z } from "zod";
import { faultOf } from "../cloud/fault.ts";
import { describeChanges, type InboundRule, members, wantedFirewalls } from "../cloud/firewall-rules.ts";
import { isNameOf, nameFor } from "../cloud/names.ts";
import type { ProviderSpec } from "../provider.ts";
import type { Client } from "./client.ts";
import { isGone } from "./fault.ts";
import { ensureTag } from "./tag-calls.ts";
import { clusterTag, groupTag } from "./tags.ts";

const ruleSchema = z.object({
  protocol: z.enum(["tcp", "udp", "icmp"]),
  ports: z.string().default("0"),
  sources: z.object({ addresses: z.array(z.string()).nullish(), tags: z.array(z.string()).nullish() }),
});

const firewallSchema = z.object({
  id: z.string(),
  name: z.string(),
  inbound_rules: z.array(ruleSchema).nullish(),
  droplet_ids: z.array(z.int()).nullish(),
  tags: z.array(z.string()).nullish(),
});

type Firewall = z.infer<typeof firewallSchema>;

/** What `ensureFirewalls` would change, in the user's words. */
export async function inspectFirewalls(
  client: Client,
  spec: ProviderSpec,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { steps, surplus } = compare(await listOwn(client, spec.clusterId, signal), spec);
  return [
    ...steps.flatMap(({ changes }) => changes),
    ...surplus.flatMap((firewall) => describeChanges(groupIn(firewall, spec), inboundOf(firewall, spec.clusterId), [])),
  ];
}

/** Brings a cluster's firewalls to what its file says. What is as it should be is not touched. */
export async function ensureFirewalls(client: Client, spec: ProviderSpec, signal: AbortSignal): Promise<void> {
  const { steps, surplus } = compare(await listOwn(client, spec.clusterId, signal), spec);
  for (const { wanted, found, changes } of steps) {
    if (changes.length === 0) continue;
    await ensureTag(client, wanted.tag, signal);
    if (found) await replace(client, found, wanted, signal);
    else await make(client, wanted, signal);
  }
  for (const firewall of surplus) await remove(client, firewall, signal);
}

/** Removes a cluster's firewalls. */
export async function removeFirewalls(client: Client, clusterId: string, signal: AbortSignal): Promise<void> {
  for (const firewall of await listOwn(client, clusterId, signal)) await remove(client, firewall, signal);
}

/** A firewall as it is to be, around the droplets with a tag. */
interface WantedFirewall {
  readonly name: string;
  readonly tag: string;
  /** Where it stands, in the user's words: `all machines`, `workers`. */
  readonly where: string;
  readonly clusterId: string;
  readonly inbound: readonly InboundRule[];
}

interface Step {
  readonly wanted: WantedFirewall;
  readonly found: Firewall | undefined;
  /** Nothing where it is as it should be. */
  readonly changes: readonly string[];
}

function compare(
  own: readonly Firewall[],
  spec: ProviderSpec,
): { readonly steps: readonly Step[]; readonly surplus: readonly Firewall[] } {
  const { clusterId } = spec;
  const all = wantedFirewalls(spec).map(({ group, where, inbound }) => {
    if (group === undefined) return { name: nameFor(spec), tag: clusterTag(clusterId), where, clusterId, inbound };
    return { name: nameFor(spec, group), tag: groupTag(clusterId, group), where, clusterId, inbound };
  });
  const steps = all.map((wanted) => {
    const found = own.find(({ name }) => name === wanted.name);
    const isAround = found?.tags?.includes(wanted.tag) ?? false;
    return {
      wanted,
      found,
      changes: describeChanges(wanted.where, isAround && found ? inboundOf(found, clusterId) : [], wanted.inbound),
    };
  });
  return { steps, surplus: own.filter(({ name }) => !all.some((wanted) => wanted.name === name)) };
}

function inboundOf({ inbound_rules }: Firewall, clusterId: string): readonly InboundRule[] {
  const own = clusterTag(clusterId);
  const peerOf = (tag: string): string => (tag === own ? members : `droplets with the tag ${tag}`);
  return (inbound_rules ?? []).map(({ protocol, ports, sources }) => ({
    ...{ protocol, ports, addresses: sources.addresses ?? [], peers: (sources.tags ?? []).map(peerOf) },
  }));
}

/** The group that a firewall stands around, from its name. */
function groupIn({ name }: Firewall, { clusterId, clusterName }: ProviderSpec): string {
  return name.slice(`belt-${clusterName}-`.length, -`-${clusterId}`.length) || "all machines";
}

async function listOwn(client: Client, clusterId: string, signal: AbortSignal): Promise<readonly Firewall[]> {
  const about = { doing: "list the account's firewalls", scope: "firewall:read" };
  const all = await client.list({ path: "/firewalls", key: "firewalls", item: firewallSchema }, about, signal);
  return all.filter(({ name }) => isNameOf(clusterId, name));
}

/** Names are unique: where the reply was lost, a second call is told that the first one took effect. */
async function make(client: Client, wanted: WantedFirewall, signal: AbortSignal): Promise<void> {
  const about = { doing: `make the firewall ${wanted.name}`, scope: "firewall:create" };
  const post = () => client.change(z.unknown(), (sdk) => sdk.firewalls.createFirewall(bodyOf(wanted)), about, signal);
  await post().catch(async (error: unknown) => {
    signal.throwIfAborted();
    if (faultOf(error)?.kind === "answer") throw error;
    await post().catch((again: unknown) => {
      if (!isDuplicate(again)) throw again;
    });
  });
}

async function replace(client: Client, found: Firewall, wanted: WantedFirewall, signal: AbortSignal): Promise<void> {
  const about = { doing: `change the firewall ${wanted.name}`, scope: "firewall:update" };
  const body = { ...bodyOf(wanted), id: found.id, droplet_ids: found.droplet_ids ?? [] };
  await client.change(z.unknown(), (sdk) => sdk.firewalls.updateFirewall(body), about, signal);
}

async function remove(client: Client, { id, name }: Firewall, signal: AbortSignal): Promise<void> {
  const about = { doing: `remove the firewall ${name}`, scope: "firewall:delete" };
  await client
    .change(z.unknown(), (sdk) => sdk.firewalls.deleteFirewall(id), about, signal)
    .catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
}

/** Everything may go out; what may come in is what the rules say. */
function bodyOf({ name, tag, clusterId, inbound }: WantedFirewall) {
  const none = { droplet_ids: [], load_balancer_uids: [] };
  const everywhere = { ...none, addresses: ["0.0.0.0/0", "::/0"], tags: [] };
  return {
    ...{ name, droplet_ids: [], tags: [tag] },
    inbound_rules: inbound.map(({ protocol, ports, addresses, peers }) => ({
      ...{
        protocol,
        ports,
        sources: { ...none, addresses: [...addresses], tags: peers.length > 0 ? [clusterTag(clusterId)] : [] },
      },
    })),
    outbound_rules: ["tcp", "udp", "icmp"].map((protocol) => ({ protocol, ports: "0", destinations: everywhere })),
  };
}

function isDuplicate(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && (fault.status === 409 || /duplicate name/i.test(fault.message));
}
