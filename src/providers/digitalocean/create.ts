import { mapBounded } from "../../util/concurrency.ts";
import { BeltError } from "../../util/errors.ts";
import { createMissing, outcomesFrom, refusal } from "../cloud/create-missing.ts";
import { mayHaveHappened } from "../cloud/fault.ts";
import { buildUserData } from "../cloud/user-data.ts";
import { refuseSecrets } from "../cloud/user-data-problems.ts";
import type { CreateOutcome, Machine, MachineRequest } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { type DropletOrder, mostNames, orderDroplets } from "./droplets.ts";
import { imageOrder, imageSlug } from "./images.ts";
import { keyFingerprint } from "./keys.ts";
import { machineOf } from "./map.ts";
import { optionsOf } from "./options.ts";
import { sizeSlug } from "./sizes.ts";
import { tagsFor } from "./tags.ts";
import { userDataLimit } from "./user-data-limit.ts";
import type { Vpcs } from "./vpcs.ts";

/** How many orders of one call go out side by side. */
const sideBySide = 2;
/** After a lost reply: the pauses before each look for what the call may have made. */
const lookAfterMs: readonly number[] = [1000, 3000, 5000, 8000, 13_000];

/**
 * Makes droplets, up to ten that are alike in one call. Names that are there already are not asked for. When a reply is lost,
 * droplets of these names are looked for before anybody asks again.
 */
export async function createMachines(
  cloud: Cloud,
  vpcs: Vpcs,
  requests: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  return await createMissing(cloud.inventory, requests, signal, async (missing) => {
    const made = await mapBounded(batchesOf(missing), sideBySide, (batch) => makeBatch(cloud, vpcs, batch, signal));
    return made.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  });
}

/** Requests that one call can carry: one user data, one size, one set of tags. */
function batchesOf(requests: readonly MachineRequest[]): readonly (readonly MachineRequest[])[] {
  const alike = Map.groupBy(requests, ({ name: _, hostKey, ...rest }) =>
    JSON.stringify({ ...rest, hostKey: hostKey.publicKey }),
  );
  return [...alike.values()].flatMap((some) =>
    Array.from({ length: Math.ceil(some.length / mostNames) }, (_, index) =>
      some.slice(index * mostNames, (index + 1) * mostNames),
    ),
  );
}

async function makeBatch(
  cloud: Cloud,
  vpcs: Vpcs,
  batch: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly CreateOutcome[]> {
  const [first] = batch;
  if (!first) return [];
  const { clusterId } = first;
  try {
    const droplets = await orderDroplets(cloud.client, await orderFor(cloud, vpcs, batch, signal), signal);
    const machines = droplets.flatMap((droplet) => machineOf({ ...droplet, tags: tagsOf(first) }, clusterId) ?? []);
    cloud.inventory.promise(machines);
    return outcomesFrom(
      batch,
      machines,
      () => new BeltError("provider.refused", "DigitalOcean's reply does not mention this machine"),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!mayHaveHappened(error)) return batch.map(({ name }) => refusal(name, error));
    const found = await lookFor(cloud, clusterId, batch, signal);
    return outcomesFrom(batch, found, () => error);
  }
}

async function orderFor(
  cloud: Cloud,
  vpcs: Vpcs,
  batch: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<DropletOrder> {
  const [first] = batch;
  if (!first) throw new BeltError("internal", "an order of nothing");
  const options = optionsOf(first.options);
  const { userData, containersReachMetadata } = options;
  refuseSecrets(userData, cloud.env, userDataLimit);
  return {
    names: batch.map(({ name }) => name),
    ...{ region: options.region, size: sizeSlug(first.size ?? options.size), image: imageOrder(options.image) },
    ...{ ssh_keys: [...new Set(first.authorizedKeys.map(keyFingerprint))], tags: tagsOf(first) },
    user_data: buildUserData({ hostKey: first.hostKey, own: userData, containersReachMetadata, limit: userDataLimit }),
    vpc_uuid: await vpcs.idFor(first, signal),
    ...{ public_networking: options.publicAddress, monitoring: options.monitoring },
  };
}

/** The tags of a request's droplet: what marks it as a machine, and the user's own. */
function tagsOf(request: MachineRequest): string[] {
  const { image, publicAddress, tags } = optionsOf(request.options);
  const { clusterId, clusterName, group, specHash } = request;
  const marks = { clusterId, clusterName, group, specHash, image: imageSlug(image), isPrivate: !publicAddress };
  return [...tagsFor(marks), ...tags];
}

/** What of these names is there after all; a list may show it late. Whatever comes next asks the API again. */
async function lookFor(
  cloud: Cloud,
  clusterId: string,
  batch: readonly MachineRequest[],
  signal: AbortSignal,
): Promise<readonly Machine[]> {
  const names = new Set(batch.map(({ name }) => name));
  let found: readonly Machine[] = [];
  for (const pauseMs of lookAfterMs) {
    await cloud.clock.sleep(pauseMs, signal);
    const listed = await cloud.inventory.list(clusterId, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      if (error instanceof BeltError && error.retryable) return [];
      throw error;
    });
    found = listed.filter(({ name }) => names.has(name));
    if (found.length === names.size) break;
  }
  cloud.inventory.promise(found);
  if (found.length < names.size) cloud.inventory.forget(clusterId);
  return found;
}
