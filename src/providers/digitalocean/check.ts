import { isBeltError } from "../../util/errors.ts";
import { nearest } from "../../util/nearest.ts";
import { userDataProblems } from "../cloud/user-data-problems.ts";
import type { PlannedMachine, Problem, ProviderSpec } from "../provider.ts";
import {
  type Account,
  countDroplets,
  findImage,
  type Image,
  listRegions,
  type Region,
  readAccount,
  type Size,
} from "./catalog.ts";
import type { Cloud } from "./cloud.ts";
import { type DigitaloceanOptions, optionsOf } from "./options.ts";
import { sizeSlug } from "./sizes.ts";
import { userDataLimit } from "./user-data-limit.ts";

const slugsHint = "https://slugs.do-api.dev lists what there is.";

/** Everything that would refuse, before anything is made: the token, the account's limit, regions, sizes, images, user data. */
export async function findProblems(cloud: Cloud, spec: ProviderSpec, signal: AbortSignal): Promise<readonly Problem[]> {
  const all = spec.requests.length > 0 ? spec.requests.map(({ options }) => options) : [spec.options];
  const blocks = distinct(all.map(optionsOf));
  const local = distinct(
    blocks.flatMap(({ userData: own, containersReachMetadata }) =>
      userDataProblems({ own, containersReachMetadata, limit: userDataLimit }, cloud.env),
    ),
  );
  try {
    const world = await look(cloud, blocks, signal);
    const problems = [
      ...accountProblems(world, await countNew(cloud, world, spec, signal)),
      ...blocks.flatMap(({ region }) => regionProblems(world, region)),
      ...spec.requests.flatMap((request) => sizeProblems(world, request)),
      ...spec.requests.flatMap((request) => imageProblems(world, request)),
    ];
    return [...local, ...distinct(problems)];
  } catch (error) {
    if (!isBeltError(error, "provider.requirements")) throw error;
    return [{ message: error.message, hint: error.hint ?? "" }, ...local];
  }
}

interface World {
  readonly account: Account;
  readonly droplets: number;
  readonly regions: readonly Region[];
  readonly sizes: readonly Size[];
  readonly images: ReadonlyMap<string, Image | undefined>;
}

/** One call for each kind of thing; the first one alone, so that a bad token is refused once. */
async function look(
  { client, sizes: allSizes }: Cloud,
  blocks: readonly DigitaloceanOptions[],
  signal: AbortSignal,
): Promise<World> {
  const account = await readAccount(client, signal);
  const names = [...new Set(blocks.map(({ image }) => image))];
  const [droplets, regions, sizes, images] = await Promise.all([
    countDroplets(client, signal),
    listRegions(client, signal),
    allSizes(signal),
    Promise.all(names.map(async (name) => [name, await findImage(client, name, signal)] as const)),
  ]);
  return { account, droplets, regions, sizes, images: new Map(images) };
}

/** How many of the requests are for droplets that are not there; looked up only where the account's limit makes it matter. */
async function countNew(
  { inventory }: Cloud,
  { account, droplets }: World,
  { clusterId, requests }: ProviderSpec,
  signal: AbortSignal,
): Promise<number> {
  if (droplets + requests.length <= account.droplet_limit) return requests.length;
  const there = new Set((await inventory.list(clusterId, signal)).map(({ name }) => name));
  return requests.filter(({ name }) => !there.has(name)).length;
}

function accountProblems({ account, droplets }: World, wanted: number): readonly Problem[] {
  if (account.status === "locked") {
    const why = account.status_message ? `: ${account.status_message}` : "";
    return [
      {
        message: `the DigitalOcean account is locked${why}`,
        hint: "Sign in at https://cloud.digitalocean.com and see what it asks for.",
      },
    ];
  }
  if (wanted === 0 || droplets + wanted <= account.droplet_limit) return [];
  return [
    {
      message: `the account may have ${account.droplet_limit} droplets and has ${droplets}; ${wanted} more are wanted`,
      hint: "Ask for a higher limit at https://cloud.digitalocean.com/account/team/droplet_limit_increase, or name fewer machines in the cluster file.",
    },
  ];
}

function regionProblems({ regions }: World, slug: string): readonly Problem[] {
  const region = regions.find((one) => one.slug === slug);
  if (region?.available) return [];
  const open = regions.filter(({ available }) => available).map((one) => one.slug);
  const near = nearest(slug, open);
  const hint =
    region === undefined && near !== undefined ? `Did you mean ${near}?` : `Choose one of ${open.join(", ")}.`;
  return [{ message: region ? `the region ${slug} takes no new droplets` : `there is no region "${slug}"`, hint }];
}

function sizeProblems({ sizes, regions }: World, request: PlannedMachine): readonly Problem[] {
  const options = optionsOf(request.options);
  const slug = sizeSlug(request.size ?? options.size);
  const size = sizes.find((one) => one.slug === slug);
  if (!size) {
    const near = nearest(
      slug,
      sizes.map((one) => one.slug),
    );
    return [
      {
        message: `there is no size "${slug}"`,
        hint: near === undefined ? slugsHint : `Did you mean ${near}? ${slugsHint}`,
      },
    ];
  }
  const isHere = size.available && size.regions.includes(options.region);
  if (isHere || !regions.some((region) => region.slug === options.region && region.available)) return [];
  if (!size.available) return [{ message: `the size ${slug} is not sold any more`, hint: slugsHint }];
  return [
    { message: `the size ${slug} cannot be had in ${options.region}`, hint: `It can in ${size.regions.join(", ")}.` },
  ];
}

function imageProblems({ images, sizes }: World, request: PlannedMachine): readonly Problem[] {
  const options = optionsOf(request.options);
  const { image: name, region } = options;
  const image = images.get(name);
  if (!image) return [{ message: `there is no image "${name}"`, hint: slugsHint }];
  if (image.regions.length > 0 && !image.regions.includes(region))
    return [{ message: `the image ${name} is not in ${region}`, hint: `It is in ${image.regions.join(", ")}.` }];
  const slug = sizeSlug(request.size ?? options.size);
  const disk = sizes.find((one) => one.slug === slug)?.disk;
  const least = image.min_disk_size ?? 0;
  if (disk === undefined || disk >= least) return [];
  return [
    {
      message: `the image ${name} wants a disk of ${least} GiB, and ${slug} has ${disk}`,
      hint: "Choose a larger size.",
    },
  ];
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
