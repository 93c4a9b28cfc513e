import { mapBounded } from "../../util/concurrency.ts";
import { BeltError } from "../../util/errors.ts";
import { compressNames, parseRange } from "../../util/ranges.ts";
import { createMissing, nameOf, refusal } from "../cloud/create-missing.ts";
import { faultOf } from "../cloud/fault.ts";
import { buildUserData } from "../cloud/user-data.ts";
import { refuseSecrets } from "../cloud/user-data-problems.ts";
import type { CreateOutcome, MachineRequest } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { isCapacity, roomHint } from "./errors.ts";
import type { SharedGround } from "./ground.ts";
import { hostNamePart } from "./host-names.ts";
import { keyName } from "./keys.ts";
import { fitsTag, type Launch, launch } from "./launch.ts";
import { machineOf } from "./map.ts";
import { optionsOf } from "./options.ts";
import { instanceType } from "./sizes.ts";
import { userDataLimit } from "./user-data-limit.ts";

/** How many calls go out side by side. */
const sideBySide = 4;

/**
 * Makes instances: one call for all that are alike and go to the same zone. Where a zone has no room, the next zone or size that
 * the file allows is asked for what is missing; what there was room for stays.
 */
export async function createMachines(
  cloud: Cloud,
  ground: SharedGround,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  return await createMissing(cloud.inventory, requests, signal, async (missing) => {
    const made = await mapBounded(batchesOf(missing), sideBySide, (batch) =>
      makeBatch({ cloud, ground }, batch, signal),
    );
    return made.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  });
}

interface Around {
  readonly cloud: Cloud;
  readonly ground: SharedGround;
}

/** Requests that one call can carry: they differ in their names alone, and these fit into a tag. */
function batchesOf(requests: readonly MachineRequest[]): readonly (readonly MachineRequest[])[] {
  const alike = Map.groupBy(requests, ({ name: _, hostKey, ...rest }) =>
    JSON.stringify({ ...rest, hostKey: hostKey.publicKey }),
  );
  const halved = (some: readonly MachineRequest[]): readonly (readonly MachineRequest[])[] => {
    if (some.length <= 1 || fitsTag(some.map(({ name }) => name))) return [some];
    const middle = Math.ceil(some.length / 2);
    return [...halved(some.slice(0, middle)), ...halved(some.slice(middle))];
  };
  return [...alike.values()].flatMap(halved);
}

async function makeBatch(
  around: Around,
  batch: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const outcomes: CreateOutcome[] = [];
  let missing = inOrder(batch);
  let reason: unknown;
  try {
    const places = await placesFor(around, batch, signal);
    for (const place of places) {
      const made = await makeThere(around, missing, place, signal);
      outcomes.push(...made.outcomes);
      const names = new Set(made.outcomes.map((outcome) => nameOf(outcome)));
      missing = missing.filter(({ name }) => !names.has(name));
      if (missing.length === 0) return outcomes;
      reason = made.reason ?? reason;
    }
    reason = noRoom(missing, places, reason);
  } catch (error) {
    signal.throwIfAborted();
    reason = error;
  }
  return [...outcomes, ...missing.map(({ name }) => refusal(name, reason))];
}

/** As the names stand in the tag that keeps them: there, an instance's launch index is its place. */
function inOrder(batch: readonly MachineRequest[]): readonly MachineRequest[] {
  const byName = new Map(batch.map((request) => [request.name, request]));
  return parseRange(compressNames(byName.keys())).flatMap((name) => byName.get(name) ?? []);
}

/** A size in a zone. */
interface Place {
  readonly type: string;
  readonly zone: string;
}

/** The places that the file allows, the wanted one first: another zone before another size. */
async function placesFor(
  { ground }: Around,
  [first]: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly Place[]> {
  if (!first) return [];
  const options = optionsOf(first.options);
  const zones = await ground.networks.zonesFor(first, signal);
  const types = [first.size ?? options.size, ...options.otherSizes].map(instanceType);
  return [...new Set(types)].flatMap((type) => zones.map((zone) => ({ type, zone })));
}

interface Made {
  /** For as many of the names as there was room for. */
  readonly outcomes: readonly CreateOutcome[];
  /** Why there are not more. */
  readonly reason: unknown;
}

async function makeThere(
  around: Around,
  batch: readonly MachineRequest[],
  place: Place,
  signal: AbortSignal,
): Promise<Made> {
  const { cloud } = around;
  try {
    const { instances, isOurs } = await launch(cloud, await launchFor(around, batch, place, signal), signal);
    const region = await cloud.client.region(signal);
    const machines = instances.flatMap((instance) => machineOf(instance, region) ?? []);
    cloud.inventory.promise(machines);
    // One alone has its name from the call.
    if (batch.length > 1) cloud.namer.begin(machines, signal);
    const kind = isOurs ? "accepted" : "exists";
    return { outcomes: machines.map((machine) => ({ kind, machine })), reason: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const fault = faultOf(error);
    if (fault !== undefined && isCapacity(fault)) return { outcomes: [], reason: error };
    throw error;
  }
}

async function launchFor(
  { cloud, ground }: Around,
  batch: readonly MachineRequest[],
  { type, zone }: Place,
  signal: AbortSignal,
): Promise<Launch> {
  const [request] = batch;
  if (!request) throw new BeltError("internal", "empty launch request");
  const options = optionsOf(request.options);
  const { userData: own } = options;
  refuseSecrets(own, cloud.env, userDataLimit);
  const image = await cloud.catalog.imageFor(options.image, type, signal);
  const { subnets } = await ground.networks.groundFor(request, signal);
  const subnetId = subnets.get(zone);
  if (subnetId === undefined) throw noSubnet(zone);
  const [, ...others] = request.authorizedKeys; // the first one is the key pair's
  return {
    ...{ names: batch.map(({ name }) => name), request, options, type, zone, subnetId, image },
    ...{ size: instanceType(request.size ?? options.size), keyName: keyName(request) },
    groupIds: await ground.groupsFor(request, request.group, signal),
    userData: buildUserData({
      ...{ hostKey: request.hostKey, own, authorizedKeys: others, limit: userDataLimit },
      // EC2 itself keeps containers away: its answers do not go further than the instance.
      containersReachMetadata: true,
      more: [hostNamePart(batch.map(({ name }) => name))],
    }),
  };
}

function noSubnet(zone: string): BeltError {
  return new BeltError("provider.refused", `there is no subnet in ${zone}`, {
    hint: "Name zones in which the cluster's network has a subnet, or leave vpc and subnets out of the aws block.",
  });
}

/** What is told where all places were asked, and none had room for the rest. */
function noRoom(missing: readonly MachineRequest[], places: readonly Place[], reason: unknown): unknown {
  if (reason instanceof BeltError && places.length === 1) return reason;
  const list = (key: keyof Place): string => [...new Set(places.map((place) => place[key]))].join(", ");
  const names = compressNames(missing.map(({ name }) => name));
  const cause = reason instanceof BeltError ? reason.cause : undefined;
  const message = `EC2 has no room for ${names} now: ${list("type")} in ${list("zone")}`;
  return new BeltError("provider.capacity", message, { hint: roomHint, cause });
}
