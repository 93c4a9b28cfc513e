import { isBeltError } from "../../util/errors.ts";
import { nearest } from "../../util/nearest.ts";
import { userDataProblems } from "../cloud/user-data-problems.ts";
import type { PlannedMachine, Problem, ProviderSpec } from "../provider.ts";
import { candidatesFor } from "./candidates.ts";
import type { Quota, Size } from "./catalog.ts";
import type { Cloud } from "./cloud.ts";
import { ltsImage } from "./image-names.ts";
import { imageFor } from "./images.ts";
import { findSubnet, noSubnet } from "./networks.ts";
import { type AzureOptions, optionsOf } from "./options.ts";
import type { Tenant } from "./places.ts";
import { findGroup, noGroup } from "./resource-groups.ts";
import { userDataLimit } from "./user-data-limit.ts";

/** Everything that would refuse, before anything is made: credentials, location, sizes, zones, quotas, images, what exists already. */
export async function findProblems(cloud: Cloud, spec: ProviderSpec, signal: AbortSignal): Promise<readonly Problem[]> {
  const all = spec.requests.length > 0 ? spec.requests.map(({ options }) => options) : [spec.options];
  const blocks = distinct(all.map(optionsOf));
  const local = distinct(
    blocks.flatMap(({ userData: own, containersReachMetadata }) =>
      userDataProblems({ own, containersReachMetadata, limit: userDataLimit }, cloud.env),
    ),
  );
  try {
    const options = optionsOf(all[0]);
    const sizes = await cloud.catalog.sizes(options.location, signal);
    if (sizes.length === 0) return [...local, noLocation(options.location)];
    const [quotas, there, images] = await Promise.all([
      cloud.catalog.quotas(options.location, signal),
      placeProblems(cloud, { ...spec, options: all[0] }, options, signal),
      imageProblems(cloud, options, sizes, signal),
    ]);
    const machines = spec.requests.flatMap((request) => sizeProblems(sizes, request));
    const room = machines.length > 0 ? [] : quotaProblems(quotas, sizes, spec.requests);
    return [...local, ...distinct([...there, ...machines, ...images, ...room])];
  } catch (error) {
    if (!isBeltError(error, "provider.requirements")) throw error;
    return [{ message: error.message, hint: error.hint ?? "" }, ...local];
  }
}

function noLocation(location: string): Problem {
  return {
    message: `Azure has no machines in "${location}"`,
    hint: "`az account list-locations --query '[].name' -o tsv` lists the locations.",
  };
}

/** What of the user's own is named and not there. */
async function placeProblems(
  { client, places }: Cloud,
  tenant: Tenant,
  { resourceGroup, subnet }: AzureOptions,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  if (resourceGroup !== undefined && !(await findGroup(client, resourceGroup, signal)))
    problems.push(asProblem(noGroup(resourceGroup)));
  if (subnet !== undefined && (await findSubnet(client, tenant, places.groupFor(tenant), signal)) === undefined)
    problems.push(asProblem(noSubnet(subnet)));
  return problems;
}

async function imageProblems(
  { catalog }: Cloud,
  { image, location }: AzureOptions,
  [size]: readonly Size[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  if (image !== ltsImage || !size) return [];
  try {
    await imageFor(catalog, { image, location }, size, signal);
    return [];
  } catch (error) {
    if (isBeltError(error, "provider.refused")) return [asProblem(error)];
    throw error;
  }
}

function asProblem({ message, hint = "" }: { readonly message: string; readonly hint?: string | undefined }): Problem {
  return { message, hint };
}

function sizeProblems(sizes: readonly Size[], request: PlannedMachine): readonly Problem[] {
  const { location, zones } = optionsOf(request.options);
  const hint = `\`az vm list-skus --location ${location} -o table\` lists what there is.`;
  return [...new Set(candidatesFor(request).map(({ size }) => size))].flatMap((name): readonly Problem[] => {
    const size = sizeNamed(sizes, name);
    if (!size) {
      const near = nearest(
        name,
        sizes.map((one) => one.name),
      );
      const also = near === undefined ? "" : `Did you mean ${near}? `;
      return [{ message: `there is no size "${name}" in ${location}`, hint: `${also}${hint}` }];
    }
    if (!size.isSold) return [{ message: `the size ${name} cannot be had in ${location} by this subscription`, hint }];
    const missing = zones.filter((zone) => !size.zones.includes(zone));
    if (missing.length === 0) return [];
    const zoneWords = size.zones.length === 0 ? "It is in none." : `It is in ${size.zones.join(", ")}.`;
    return [{ message: `the size ${name} is not in zone ${missing.join(", ")} of ${location}`, hint: zoneWords }];
  });
}

/** Each family of sizes has a quota of cores, and all together have one. */
function quotaProblems(
  quotas: readonly Quota[],
  sizes: readonly Size[],
  requests: readonly PlannedMachine[],
): readonly Problem[] {
  const wanted = new Map<string, number>();
  const add = (name: string, count: number) =>
    wanted.set(name.toLowerCase(), (wanted.get(name.toLowerCase()) ?? 0) + count);
  for (const request of requests) {
    const size = sizeNamed(sizes, candidatesFor(request)[0].size);
    if (!size) continue;
    add("cores", size.cores);
    add(size.family, size.cores);
    add("virtualMachines", 1);
  }
  return quotas.flatMap(({ name, words, limit, used }) => {
    const more = wanted.get(name.toLowerCase()) ?? 0;
    if (more === 0 || used + more <= limit) return [];
    return [
      {
        message: `the subscription may have ${limit} of "${words}" there and has ${used}; ${more} more are wanted`,
        hint: "Ask for more under Quotas at https://portal.azure.com, or choose fewer or smaller machines, or another location.",
      },
    ];
  });
}

function sizeNamed(sizes: readonly Size[], name: string): Size | undefined {
  return sizes.find((size) => size.name.toLowerCase() === name.toLowerCase());
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
