import { isBeltError } from "../../util/errors.ts";
import { nearest } from "../../util/nearest.ts";
import { userDataProblems } from "../cloud/user-data-problems.ts";
import type { PlannedMachine, Problem, ProviderSpec } from "../provider.ts";
import { type Image, typesHint } from "./catalog.ts";
import type { Cloud } from "./cloud.ts";
import type { SharedGround } from "./ground.ts";
import type { Architecture } from "./image-words.ts";
import { hasOwnVpc, optionsOf, zoneIn } from "./options.ts";
import { instanceType } from "./sizes.ts";
import { userDataLimit } from "./user-data-limit.ts";

/** Everything that would refuse, before anything is made: credentials, zones, sizes, images, networks, user data. */
export async function findProblems(
  cloud: Cloud,
  ground: SharedGround,
  spec: ProviderSpec,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const planned =
    spec.requests.length > 0 ? spec.requests : [{ name: "", group: "", size: undefined, options: spec.options }];
  const local = planned.flatMap(({ options }) => {
    const { userData: own } = optionsOf(options);
    return userDataProblems({ own, containersReachMetadata: true, limit: userDataLimit }, cloud.env);
  });
  try {
    const world = await look(cloud, planned, signal);
    const problems = await Promise.all(
      distinct(planned.map(({ size, options }) => ({ size, options }))).map((machine) =>
        problemsOf(cloud, world, machine, signal),
      ),
    );
    return distinct([...local, ...problems.flat(), ...(await networkProblems(ground, spec, planned, signal))]);
  } catch (error) {
    if (!isBeltError(error, "provider.requirements")) throw error;
    return distinct([{ message: error.message, hint: error.hint ?? "" }, ...local]);
  }
}

interface World {
  readonly region: string;
  readonly zones: readonly string[];
  readonly architectures: ReadonlyMap<string, Architecture | undefined>;
  readonly offerings: ReadonlyMap<string, readonly string[]>;
}

/** One call for each kind of thing; the first one alone, so that bad credentials are refused once. */
async function look(
  { client, catalog }: Cloud,
  planned: readonly PlannedMachine[],
  signal: AbortSignal,
): Promise<World> {
  const region = await client.region(signal);
  const zones = await catalog.zones(signal);
  const types = [...new Set(planned.flatMap(typesOf))];
  const [architectures, offerings] = await Promise.all([
    catalog.architectures(types, signal),
    catalog.offerings(types, signal),
  ]);
  return { region, zones, architectures, offerings };
}

type Wanted = Pick<PlannedMachine, "size" | "options">;

function typesOf({ size, options }: Wanted): readonly string[] {
  const { size: usual, otherSizes } = optionsOf(options);
  return [size ?? usual, ...otherSizes].map(instanceType);
}

async function problemsOf(
  cloud: Cloud,
  world: World,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const zones = zoneProblems(world, wanted);
  const types = await Promise.all(typesOf(wanted).map((type) => typeProblems(cloud, world, type, signal)));
  const sold = zones.length > 0 || types.flat().length > 0 ? [] : soldProblems(world, wanted);
  return [...zones, ...types.flat(), ...sold, ...(await imageProblems(cloud, world, wanted, signal))];
}

function zoneProblems({ region, zones }: World, { options }: Wanted): readonly Problem[] {
  const unknown = optionsOf(options)
    .zones.map((zone) => zoneIn(region, zone))
    .filter((zone) => !zones.includes(zone));
  return unknown.map((zone) => ({
    message: `there is no zone ${zone} for new machines in ${region}`,
    hint: `Choose among ${zones.join(", ")}.`,
  }));
}

async function typeProblems(
  cloud: Cloud,
  world: World,
  type: string,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  if (world.architectures.get(type) !== undefined) return [];
  const near = nearest(type, await cloud.catalog.relatives(type, signal));
  const hint = near === undefined ? typesHint : `Did you mean ${near}? ${typesHint}`;
  return [{ message: `there is no size "${type}" for Linux in ${world.region}`, hint }];
}

/** A size that no zone sells which the file allows. */
function soldProblems({ region, offerings }: World, wanted: Wanted): readonly Problem[] {
  const allowed = optionsOf(wanted.options).zones.map((zone) => zoneIn(region, zone));
  const places = new Map(typesOf(wanted).map((type) => [type, offerings.get(type) ?? []]));
  const isSold = [...places.values()].some((zones) =>
    zones.some((zone) => allowed.length === 0 || allowed.includes(zone)),
  );
  if (isSold || allowed.length === 0) return [];
  const [[type = "", zones = []] = []] = [...places];
  return [
    {
      message: `the size ${type} cannot be had in ${allowed.join(", ")}`,
      hint: zones.length > 0 ? `It can in ${[...zones].sort().join(", ")}.` : typesHint,
    },
  ];
}

async function imageProblems(
  { catalog }: Cloud,
  { architectures, region }: World,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { image: word, disk } = optionsOf(wanted.options);
  const kinds = [...new Set(typesOf(wanted).flatMap((type) => architectures.get(type) ?? []))];
  const found = await Promise.all(
    kinds.map(async (kind) => [kind, await catalog.findImage(word, kind, signal)] as const),
  );
  return found.flatMap(([kind, image]) => problemsOfImage({ word, disk, region }, kind, image));
}

function problemsOfImage(
  { word, disk, region }: { readonly word: string; readonly disk: number; readonly region: string },
  architecture: Architecture,
  image: Image | undefined,
): readonly Problem[] {
  const others = "Set image to ubuntu, debian-13, or the id of an AMI of this region.";
  if (!image) return [{ message: `there is no image "${word}" for ${architecture} in ${region}`, hint: others }];
  if (image.architecture !== architecture)
    return [
      {
        message: `the image ${word} is for ${image.architecture}, and the size for ${architecture}`,
        hint: "Choose a size of the image's architecture, or an image of the size's.",
      },
    ];
  if (disk >= image.diskGiB) return [];
  return [
    {
      message: `the image ${word} wants a disk of ${image.diskGiB} GiB, and aws.disk is ${disk}`,
      hint: "Raise aws.disk.",
    },
  ];
}

/** Networks that the file names: they are there, and have a subnet in every zone that is wanted. */
async function networkProblems(
  ground: SharedGround,
  { clusterId, clusterName }: ProviderSpec,
  planned: readonly PlannedMachine[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const options of distinct(planned.map((one) => one.options)).filter((one) => !hasOwnVpc(optionsOf(one)))) {
    const tenant = { clusterId, clusterName, options };
    try {
      const [{ subnets }, zones] = [
        await ground.networks.groundFor(tenant, signal),
        await ground.networks.zonesFor(tenant, signal),
      ];
      const bare = zones.filter((zone) => !subnets.has(zone));
      if (bare.length > 0)
        problems.push({
          message: `the network has no subnet in ${bare.join(", ")}`,
          hint: `It has some in ${[...subnets.keys()].sort().join(", ")}.`,
        });
    } catch (error) {
      if (!isBeltError(error, "provider.refused")) throw error;
      problems.push({ message: error.message, hint: error.hint ?? "" });
    }
  }
  return problems;
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
