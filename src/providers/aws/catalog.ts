import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import type { Client } from "./client.ts";
import { codeOf } from "./codes.ts";
import { type Architecture, loginOf, newest, searchFor } from "./image-words.ts";

const zonesSchema = z.object({
  AvailabilityZones: z
    .array(z.object({ ZoneName: z.string(), State: z.string(), ZoneType: z.string().default("availability-zone") }))
    .default([]),
});

const typesSchema = z.object({
  InstanceTypes: z
    .array(
      z.object({
        InstanceType: z.string(),
        ProcessorInfo: z.object({ SupportedArchitectures: z.array(z.string()).default([]) }).optional(),
      }),
    )
    .default([]),
  NextToken: z.string().optional(),
});

const offeringsSchema = z.object({
  InstanceTypeOfferings: z.array(z.object({ InstanceType: z.string(), Location: z.string() })).default([]),
  NextToken: z.string().optional(),
});

const imagesSchema = z.object({
  Images: z
    .array(
      z.object({
        ImageId: z.string(),
        Name: z.string().default(""),
        CreationDate: z.string().default(""),
        State: z.string().default("available"),
        Architecture: z.string().default("x86_64"),
        RootDeviceName: z.string().default("/dev/sda1"),
        BlockDeviceMappings: z
          .array(
            z.object({
              DeviceName: z.string().optional(),
              Ebs: z.object({ VolumeSize: z.number().optional() }).optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** An image that machines are made from. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly architecture: string;
  readonly rootDevice: string;
  /** The least disk that it wants. */
  readonly diskGiB: number;
  /** Who logs in to it. */
  readonly user: string;
}

/** What the region has, each thing asked for once. */
export class Catalog {
  readonly #client: Client;
  readonly #architectures = new Map<string, Architecture | undefined>();
  readonly #images = new Map<string, Promise<Image | undefined>>();
  #zones: Promise<readonly string[]> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** The names of the zones that take new machines. */
  async zones(signal: AbortSignal): Promise<readonly string[]> {
    this.#zones ??= this.#askZones(signal);
    this.#zones.catch(() => {
      this.#zones = undefined;
    });
    return await this.#zones;
  }

  /** The architecture of each of these instance types; `undefined` for one that there is not, or that runs no Linux. */
  async architectures(
    types: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Architecture | undefined>> {
    const unknown = [...new Set(types)].filter((type) => !this.#architectures.has(type));
    if (unknown.length > 0) {
      const found = new Map((await this.#askTypes(unknown, signal)).map((one) => [one.InstanceType, one]));
      for (const type of unknown) {
        const supported = found.get(type)?.ProcessorInfo?.SupportedArchitectures ?? [];
        const architecture = (["x86_64", "arm64"] as const).find((one) => supported.includes(one));
        this.#architectures.set(type, architecture);
      }
    }
    return new Map(types.map((type) => [type, this.#architectures.get(type)]));
  }

  /** The types of the same family as one that there is not. */
  async relatives(type: string, signal: AbortSignal): Promise<readonly string[]> {
    const [family = ""] = type.split(".");
    return (await this.#askTypes([`${family}.*`], signal)).map(({ InstanceType }) => InstanceType);
  }

  /** The zones in which each of these types is sold. */
  async offerings(types: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>> {
    const input = {
      LocationType: "availability-zone" as const,
      Filters: [{ Name: "instance-type", Values: [...types] }],
    };
    const about = { doing: "list where sizes are sold", action: "DescribeInstanceTypeOfferings" };
    const found = new Map<string, string[]>();
    for (let token: string | undefined; ; ) {
      const page = token === undefined ? {} : { NextToken: token };
      const reply = await this.#client.call(
        offeringsSchema,
        (ec2, options) => ec2.describeInstanceTypeOfferings({ ...input, ...page }, options),
        about,
        signal,
      );
      for (const { InstanceType, Location } of reply.InstanceTypeOfferings)
        found.set(InstanceType, [...(found.get(InstanceType) ?? []), Location]);
      token = reply.NextToken;
      if (token === undefined || token === "") return found;
    }
  }

  /** The image that a word of the cluster file means for an architecture; `undefined` if there is none. */
  async findImage(word: string, architecture: Architecture, signal: AbortSignal): Promise<Image | undefined> {
    const key = word.startsWith("ami-") ? word : `${word} ${architecture}`;
    const known = this.#images.get(key) ?? this.#askImage(word, architecture, signal);
    this.#images.set(key, known);
    known.catch(() => this.#images.delete(key));
    return await known;
  }

  /** The image for machines of an instance type. @throws BeltError `provider.refused` if the type or the image is not there. */
  async imageFor(word: string, type: string, signal: AbortSignal): Promise<Image> {
    const architecture = (await this.architectures([type], signal)).get(type);
    if (architecture === undefined)
      throw new BeltError("provider.refused", `EC2 has no instance type "${type}" in this region`, { hint: typesHint });
    const image = await this.findImage(word, architecture, signal);
    if (image) return image;
    throw new BeltError("provider.refused", `there is no image "${word}" for ${architecture} in this region`, {
      hint: "Set image in the aws block of the cluster file to ubuntu, debian-13, or the id of an AMI of this region.",
    });
  }

  async #askZones(signal: AbortSignal): Promise<readonly string[]> {
    const about = { doing: "list the zones of the region", action: "DescribeAvailabilityZones" };
    const reply = await this.#client.call(
      zonesSchema,
      (ec2, options) => ec2.describeAvailabilityZones({}, options),
      about,
      signal,
    );
    return reply.AvailabilityZones.filter(
      ({ State, ZoneType }) => State === "available" && ZoneType === "availability-zone",
    )
      .map(({ ZoneName }) => ZoneName)
      .sort();
  }

  async #askTypes(
    types: readonly string[],
    signal: AbortSignal,
  ): Promise<z.infer<typeof typesSchema>["InstanceTypes"]> {
    const about = { doing: "list sizes", action: "DescribeInstanceTypes" };
    const input = { Filters: [{ Name: "instance-type", Values: [...types] }], MaxResults: 100 };
    const found: z.infer<typeof typesSchema>["InstanceTypes"] = [];
    for (let token: string | undefined; ; ) {
      const page = token === undefined ? {} : { NextToken: token };
      const reply = await this.#client.call(
        typesSchema,
        (ec2, options) => ec2.describeInstanceTypes({ ...input, ...page }, options),
        about,
        signal,
      );
      found.push(...reply.InstanceTypes);
      token = reply.NextToken;
      if (token === undefined || token === "") return found;
    }
  }

  async #askImage(word: string, architecture: Architecture, signal: AbortSignal): Promise<Image | undefined> {
    const search = searchFor(word, architecture);
    const about = { doing: `look for the image ${word}`, action: "DescribeImages" };
    const input =
      search.kind === "id"
        ? { ImageIds: [search.id] }
        : {
            Owners: [search.owner],
            Filters: [
              { Name: "name", Values: [search.name] },
              { Name: "architecture", Values: [architecture] },
              { Name: "state", Values: ["available"] },
            ],
          };
    const reply = await this.#client
      .call(imagesSchema, (ec2, options) => ec2.describeImages(input, options), about, signal)
      .catch((error: unknown) => {
        if (/^InvalidAMIID/.test(codeOf(error) ?? "")) return { Images: [] };
        throw error;
      });
    return newest(word, reply.Images.map(imageOf));
  }
}

/** Where sizes are listed. */
export const typesHint = "https://aws.amazon.com/ec2/instance-types lists what there is.";

function imageOf(image: z.infer<typeof imagesSchema>["Images"][number]): Image {
  const root = image.BlockDeviceMappings.find(({ DeviceName }) => DeviceName === image.RootDeviceName);
  return {
    ...{ id: image.ImageId, name: image.Name, createdAt: image.CreationDate, architecture: image.Architecture },
    ...{ rootDevice: image.RootDeviceName, diskGiB: root?.Ebs?.VolumeSize ?? 0, user: loginOf(image.Name) },
  };
}
