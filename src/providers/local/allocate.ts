import { createHash } from "node:crypto";
import { BeltError } from "../../util/errors.ts";
import { clusterIdPattern, namePattern } from "../../util/names.ts";
import type { MachineRequest } from "../provider.ts";
import { runLocked } from "./boot.ts";
import { type Cgroups, isOccupied } from "./cgroup.ts";
import { type Host, isAtWork, thisProcess } from "./host.ts";
import { loadModules } from "./kernel.ts";
import { raiseKnobs } from "./knobs.ts";
import { machineFolder } from "./layout.ts";
import { movedSubnet } from "./moved-subnet.ts";
import { ensureNetwork, hasLink, hostNetworks } from "./network.ts";
import { type LocalOptions, localOptions } from "./options.ts";
import type { ClusterRecord, MachineRecord } from "./record.ts";
import { hexDigits } from "./seed.ts";
import { parseSize, unlimited } from "./size.ts";
import { formatSubnet, freeAddress, freeSubnet, overlaps, parseSubnet, type Subnet } from "./subnet.ts";

/** What a request has come to: a machine that is ours to make, or one that is there, or is being made or removed. */
export type Allocation =
  | { readonly kind: "make"; readonly record: MachineRecord; readonly isNew: boolean }
  | { readonly kind: "there"; readonly record: MachineRecord }
  | { readonly kind: "half-removed"; readonly record: MachineRecord };

/**
 * Gives a request its place: the cluster's network, and the machine's id and address. All of it is on the disk when this
 * returns, and nothing else of the machine is anywhere. Call it with the host locked.
 *
 * @throws BeltError `provider.requirements`, `provider.capacity`, `provider.refused`, `usage.invalid`.
 */
export async function allocate(
  host: Host,
  cgroups: Cgroups,
  request: MachineRequest,
  signal: AbortSignal,
): Promise<Allocation> {
  const options = checkRequest(request);
  const existing = await host.store.readMachine(request.clusterId, request.name);
  if (existing?.phase === "removing") return { kind: "half-removed", record: existing };
  if (!existing) await requireImage(host, options.image);
  const cluster = await ensureCluster(host, request, signal);
  if (existing) return await takeUp(host, cgroups, { existing, request }, signal);
  const record = await newRecord(host, cluster, request);
  await host.store.writeMachine(record);
  return { kind: "make", record, isNew: true };
}

/** The cluster's record, network and settings; made if this is its first machine. Call it with the host locked. */
export async function ensureCluster(
  host: Host,
  request: { readonly clusterId: string; readonly clusterName: string; readonly options: unknown },
  signal: AbortSignal,
): Promise<ClusterRecord> {
  const { subnet } = localOptions.parse(request.options);
  const known = await host.store.readCluster(request.clusterId);
  const moved = movedSubnet(known, subnet);
  if (moved) throw new BeltError("provider.refused", moved.message, { hint: moved.hint });
  const cluster = known ?? (await newCluster(host, { ...request, subnet }, signal));
  if (!known) await host.store.writeCluster(cluster);
  await loadModules(host, signal);
  await raiseKnobs(cluster.clusterId);
  await ensureNetwork(host, cluster, signal);
  return cluster;
}

/** A machine whose making was cut short is taken up by whoever asks for it next, unless its maker still works. */
async function takeUp(
  host: Host,
  cgroups: Cgroups,
  { existing, request }: { readonly existing: MachineRecord; readonly request: MachineRequest },
  signal: AbortSignal,
): Promise<Allocation> {
  if (existing.phase === "made" || (await isAtWork(existing.worker))) return { kind: "there", record: existing };
  // The script of a killed maker may still be at it: whoever gets the folder's lock sees what came of it.
  await runLocked(host, machineFolder(host.store.root, existing), "exit 0", signal);
  if (await isOccupied(cgroups, existing.id)) {
    const record = withoutWorker({ ...existing, phase: "made" });
    await host.store.writeMachine(record);
    return { kind: "there", record };
  }
  const record = { ...existing, hostKey: keyOf(request), worker: await thisProcess() };
  await host.store.writeMachine(record);
  return { kind: "make", record, isNew: false };
}

/** A public key without its comment. */
function keyOf({ hostKey }: MachineRequest): string {
  return hostKey.publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** A record at which nobody works any more. */
export function withoutWorker({ worker: _, ...record }: MachineRecord): MachineRecord {
  return record;
}

async function newRecord(host: Host, cluster: ClusterRecord, request: MachineRequest): Promise<MachineRecord> {
  const { image, region } = localOptions.parse(request.options);
  const { clusterId, clusterName, name, group, specHash } = request;
  return {
    ...{ version: 1, phase: "making", id: await freeId(host), address: await nextAddress(host, cluster) },
    ...{ clusterId, clusterName, name, group, specHash, image, region },
    size: request.size ?? unlimited,
    hostKey: keyOf(request),
    createdAt: new Date(host.clock.now()).toISOString(),
    worker: await thisProcess(),
  };
}

/** Short enough for the name of a network interface, which has 15 characters. */
async function freeId(host: Host): Promise<string> {
  const taken = new Set((await host.store.allMachines()).map(({ id }) => id));
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const id = `belt-${hexDigits(10, host.random)}`;
    if (!taken.has(id) && !(await hasLink(id))) return id;
  }
  throw new BeltError("internal", "no unused machine id was found in 100 attempts");
}

async function nextAddress(host: Host, cluster: ClusterRecord): Promise<string> {
  const taken = new Set((await host.store.machines(cluster.clusterId)).map(({ address }) => address));
  const subnet = parseSubnet(cluster.subnet);
  const address = subnet && freeAddress(subnet, taken);
  if (address !== undefined) return address;
  throw new BeltError("provider.capacity", `the cluster's network ${cluster.subnet} has no free address left`, {
    hint: "A larger one is set with `subnet` in the cluster file, before the cluster's first machine is made.",
  });
}

interface ClusterRequest {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly subnet: string | undefined;
}

async function newCluster(host: Host, request: ClusterRequest, signal: AbortSignal): Promise<ClusterRecord> {
  const others = await host.store.clusters();
  const subnet = await chooseSubnet(host, others, request.subnet, signal);
  return {
    version: 1,
    clusterId: request.clusterId,
    clusterName: request.clusterName,
    bridge: bridgeName(request.clusterId),
    subnet: formatSubnet(subnet),
    createdAt: new Date(host.clock.now()).toISOString(),
  };
}

function bridgeName(clusterId: string): string {
  return `beltbr${createHash("sha256").update(clusterId).digest("hex").slice(0, 9)}`;
}

async function chooseSubnet(
  host: Host,
  others: readonly ClusterRecord[],
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<Subnet> {
  const networks = await hostNetworks(host, signal);
  const clusters = others.flatMap((other) => parseSubnet(other.subnet) ?? []);
  if (wanted === undefined) {
    const free = freeSubnet([...networks.addresses, ...networks.routes, ...clusters]);
    if (free) return free;
    throw new BeltError(
      "provider.capacity",
      "every /24 of 172.16.0.0/16 is in use on this host, or has a route elsewhere",
      {
        hint: "Name a free network with `local: { subnet: 10.80.0.0/24 }` in the cluster file.",
      },
    );
  }
  const subnet = parseSubnet(wanted);
  const taken = subnet && [...networks.addresses, ...clusters].find((other) => overlaps(other, subnet));
  if (subnet && !taken) return subnet;
  const why = taken ? `overlaps ${formatSubnet(taken)}, which this host uses already` : "is not a network";
  throw new BeltError("provider.refused", `the network ${wanted} ${why}`, {
    hint: "Set another `subnet` in the cluster file, or leave it out to get a free one.",
  });
}

async function requireImage(host: Host, image: LocalOptions["image"]): Promise<void> {
  if (await host.store.readImage(image)) return;
  throw new BeltError("provider.requirements", `the image ${image} is not on this host`, {
    hint: `Make it: belt image bake ${image}`,
  });
}

function checkRequest(request: MachineRequest): LocalOptions {
  parseSize(request.size ?? unlimited);
  if (namePattern.test(request.name) && clusterIdPattern.test(request.clusterId))
    return localOptions.parse(request.options);
  throw new BeltError(
    "usage.invalid",
    `"${request.name}" of cluster "${request.clusterId}" cannot be a machine's name`,
    {
      hint: "Use letters, digits and dashes, at most 63.",
    },
  );
}
