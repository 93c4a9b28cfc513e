import { z } from "zod";
import { mapBounded } from "../../util/concurrency.ts";
import { digest } from "../../util/digest.ts";
import { BeltError, isBeltError, messageOf } from "../../util/errors.ts";
import { nearest } from "../../util/nearest.ts";
import { faultOf, mayHaveHappened } from "../cloud/fault.ts";
import type { CreateOutcome, Machine, MachineRequest } from "../provider.ts";
import { type Candidate, candidatesFor } from "./candidates.ts";
import { parsed } from "./client.ts";
import type { Cloud } from "./cloud.ts";
import type { Attempt } from "./elsewhere.ts";
import { imageFor } from "./images.ts";
import { makeInterface, removeInterface } from "./interfaces.ts";
import { providerName } from "./map.ts";
import { optionsOf } from "./options.ts";
import { bodyOf, type Order } from "./order.ts";
import { capacityCodes } from "./refusals.ts";
import { readMarks } from "./tags.ts";
import { findVm, type VmPlace } from "./vms.ts";

/** How many machines of one call are asked for side by side. */
const sideBySide = 16;
/** After replies that were lost: the pauses before each look for what the calls may have made. */
const lookAfterMs: readonly number[] = [1000, 5000, 10_000];

/**
 * Makes machines, one PUT each, which makes one only where there is none of its name: asking twice makes no two. Where Azure
 * says at once that it has no room, the next zone or size that the file allows is asked for; where it says so later, the list
 * of machines goes on from there.
 */
export async function createMachines(
  cloud: Cloud,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  signal.throwIfAborted();
  const call = digest([cloud.clock.now(), cloud.random(), requests.map(({ name }) => name), cloud.count()]);
  const results = await mapBounded(requests, sideBySide, (request) => createOne(cloud, request, call, signal));
  signal.throwIfAborted();
  return results.map((result, index) => {
    if (result.status === "fulfilled") return result.value;
    const { reason } = result;
    const error = reason instanceof Error ? reason : new BeltError("internal", messageOf(reason));
    return { kind: "refused", name: requests[index]?.name ?? "", error };
  });
}

async function createOne(
  cloud: Cloud,
  request: MachineRequest,
  call: string,
  signal: AbortSignal,
): Promise<CreateOutcome> {
  const place = { resourceGroup: cloud.places.groupFor(request), name: request.name };
  try {
    const attempt = await attemptFrom(cloud, { request, place, call }, candidatesFor(request), signal);
    cloud.elsewhere.watch(attempt);
    return { kind: "accepted", machine: attempt.machine };
  } catch (error) {
    signal.throwIfAborted();
    if (!isTaken(error) && !mayHaveHappened(error)) throw error;
    return await lookFor(cloud, { request, place, call, error }, signal);
  }
}

interface Wanted {
  readonly request: MachineRequest;
  readonly place: VmPlace;
  /** What tells the machines of this call from those of any other. */
  readonly call: string;
}

/** Asks for a machine in one way after the other, until Azure takes one. @throws BeltError of the last one that was refused. */
async function attemptFrom(
  cloud: Cloud,
  wanted: Wanted,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Attempt> {
  const [candidate, ...rest] = candidates;
  if (!candidate) throw new BeltError("internal", `${wanted.request.name} can be made in no way`);
  try {
    const machine = await put(cloud, wanted, candidate, signal);
    const next = rest.length === 0 ? undefined : (inner: AbortSignal) => attemptFrom(cloud, wanted, rest, inner);
    return { machine, place: wanted.place, next };
  } catch (error) {
    signal.throwIfAborted();
    if (rest.length === 0 || !isFull(error)) throw error;
    return await attemptFrom(cloud, wanted, rest, signal);
  }
}

const replySchema = z.object({
  location: z.string(),
  properties: z.object({ vmId: z.string(), timeCreated: z.coerce.date().optional() }),
});

async function put(
  cloud: Cloud,
  { request, place, call }: Wanted,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<Machine> {
  const order = await orderOf(cloud, { request, place, call }, candidate, signal);
  const isSeparate = optionsOf(request.options).interfaces === "separate";
  const body = bodyOf(order, cloud.env);
  if (isSeparate) await makeInterface(cloud.client, order, signal);
  const where = candidate.zone === undefined ? "" : `, zone ${candidate.zone}`;
  const about = {
    doing: `make ${request.name} (${candidate.size}, ${body.location}${where})`,
    action: "Microsoft.Compute/virtualMachines/write",
  };
  try {
    const begun = await cloud.client.begin(
      "write",
      ({ compute }, options) =>
        compute.virtualMachines.createOrUpdate(place.resourceGroup, place.name, body, { ...options, ifNoneMatch: "*" }),
      about,
      signal,
    );
    const { properties } = parsed(replySchema, begun.body);
    const createdAt = (properties.timeCreated ?? new Date(cloud.clock.now())).toISOString();
    const machine = machineFrom(request, { id: properties.vmId, ...candidate, createdAt });
    cloud.inventory.promise(machine, place);
    return machine;
  } catch (error) {
    signal.throwIfAborted();
    if (isSeparate && !isTaken(error) && !mayHaveHappened(error)) await removeInterface(cloud.client, place, signal);
    throw error;
  }
}

async function orderOf(
  { catalog, client }: Cloud,
  { request, place, call }: Wanted,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<Order> {
  const { location, image } = optionsOf(request.options);
  const sizes = await catalog.sizes(location, signal);
  const size = sizes.find(({ name }) => name.toLowerCase() === candidate.size.toLowerCase());
  if (!size) {
    const near = nearest(
      candidate.size,
      sizes.map(({ name }) => name),
    );
    throw new BeltError("provider.refused", `there is no size "${candidate.size}" in ${location}`, {
      hint: `${near === undefined ? "" : `Did you mean ${near}? `}\`az vm list-skus --location ${location} -o table\` lists what there is.`,
    });
  }
  return {
    ...{ request, candidate, call, subscription: client.subscription, resourceGroup: place.resourceGroup },
    image: await imageFor(catalog, { image, location }, size, signal),
  };
}

function machineFrom(
  request: MachineRequest,
  { id, size, zone, createdAt }: Pick<Machine, "id" | "size" | "zone" | "createdAt">,
): Machine {
  const { name, group, clusterId, clusterName, specHash } = request;
  const { location: region, image, user } = optionsOf(request.options);
  return {
    ...{ id, name, group, clusterId, clusterName, provider: providerName, state: { kind: "creating" } },
    ...{ publicAddress: undefined, privateAddress: undefined, user, port: 22, size, region, zone, image },
    ...{ hostKey: undefined, createdAt, specHash },
  };
}

/** What of this name is there after all. What this very call made is accepted: its host key is the one that was given. */
async function lookFor(
  cloud: Cloud,
  { request, place, call, error }: Wanted & { readonly error: unknown },
  signal: AbortSignal,
): Promise<CreateOutcome> {
  for (const pauseMs of isTaken(error) ? [0] : lookAfterMs) {
    await cloud.clock.sleep(pauseMs, signal);
    const vm = await findVm(cloud.client, place, signal).catch((reason: unknown) => {
      signal.throwIfAborted();
      if (isBeltError(reason) && reason.retryable) return undefined;
      throw reason;
    });
    if (!vm) continue;
    const marks = readMarks(request.clusterId, vm.tags ?? {});
    if (!marks) throw stranger(place);
    const listed = (await cloud.inventory.list(request.clusterId, signal)).find(({ id }) => id === vm.vmId);
    const { vmSize: size } = vm.hardwareProfile;
    const made = { id: vm.vmId, size, zone: vm.zones?.[0], createdAt: vm.timeCreated.toISOString() };
    const machine = listed ?? machineFrom(request, made);
    return { kind: marks.call === call ? "accepted" : "exists", machine };
  }
  throw isTaken(error) ? goneAgain(place) : error;
}

/** Whether the API says that there is a machine of this name already. */
function isTaken(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && (fault.status === 412 || /marked for deletion|being deleted/i.test(fault.message));
}

function isFull(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.kind === "answer" && capacityCodes.test(fault.id);
}

function stranger({ name, resourceGroup }: VmPlace): BeltError {
  return new BeltError(
    "provider.refused",
    `there is a machine ${name} in ${resourceGroup} that is none of the cluster's`,
    {
      hint: "Name the machine otherwise, or give the cluster another resource group (azure.resourceGroup).",
    },
  );
}

function goneAgain({ name }: VmPlace): BeltError {
  return new BeltError("provider.unavailable", `${name} was there a moment ago, and is gone`, {
    hint: "Run the same command again.",
    retryable: true,
  });
}
