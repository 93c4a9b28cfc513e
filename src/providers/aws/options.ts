import { z } from "zod";
import { parseIpv4Network } from "../../util/ipv4-network.ts";
import { readsAsUserData } from "../cloud/user-data.ts";
import { isImageWord } from "./image-words.ts";
import { type Tag, tagPrefix } from "./tags.ts";

const size = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/i, { error: "must be an instance type such as t3.small" });

const tagText = z.string().regex(/^[\p{L}\p{N}\s_.:/=+@-]*$/u, {
  error: "may have letters, digits, spaces and _ . : / = + @ -",
});

/** The `aws` block of a cluster file. */
export const awsOptions = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, { error: "must be a region such as us-east-1" })
      .optional()
      .describe("The region. A swarm lives in one. Default: that of AWS_REGION or of the profile."),
    profile: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The profile of ~/.aws/config whose credentials are used. Default: AWS_PROFILE, and the SDK's own chain.",
      ),
    zones: z
      .array(z.string().regex(/^[a-z0-9-]+$/, { error: "must be a zone such as a or us-east-1a" }))
      .default([])
      .describe(
        "The zones that machines may be in, the first one preferred, where their group names none. Default: any.",
      ),
    size: size
      .default("t3.small")
      .describe("The size of machines whose group gives none: an instance type, or an amount of memory such as 2gb."),
    otherSizes: z
      .array(size)
      .default([])
      .describe("Sizes to take instead, in this order, where no zone has room for the wanted one."),
    image: z
      .string()
      .refine(isImageWord, { error: "must be ubuntu, ubuntu-24.04, debian-13, or the id of an AMI" })
      .default("ubuntu")
      .describe(
        "What machines are made from: ubuntu (its newest long-term release), ubuntu-24.04, debian-13, or the id of an AMI.",
      ),
    disk: z.int().min(8).max(16_384).default(20).describe("The disk of each machine in GiB (gp3)."),
    vpc: z
      .string()
      .regex(/^(default|vpc-[0-9a-f]+)$/, { error: "must be the id of a VPC, or default" })
      .optional()
      .describe("A VPC that exists already: its id, or default. Default: one of the cluster's own."),
    subnets: z
      .array(z.string().regex(/^subnet-[0-9a-f]+$/, { error: "must be the id of a subnet" }))
      .default([])
      .describe("Subnets that exist already, at most one in a zone. Default: those of the VPC."),
    ipRange: z
      .string()
      .refine(isVpcRange, { error: "must be a private network such as 10.200.0.0/16, from /16 to /22" })
      .default("10.200.0.0/16")
      .describe("The addresses of the cluster's own VPC; each zone gets a sixteenth."),
    publicAddress: z
      .boolean()
      .default(true)
      .describe("Whether machines have public addresses. Without, they are reached through ssh.jump only."),
    spot: z
      .boolean()
      .default(false)
      .describe("Whether to take spare capacity, which is cheaper and may be taken back at any time."),
    tags: z
      .record(tagText.min(1).max(128), tagText.max(256))
      .default({})
      .describe("More tags on everything that is made."),
    userData: z
      .string()
      .refine(readsAsUserData, { error: 'must begin as cloud-init wants it: "#cloud-config", "#!", or a MIME header' })
      .optional()
      .describe("What cloud-init does on each machine at its first boot, beside what beltkit has it do. No secrets."),
    containersReachMetadata: z
      .boolean()
      .default(false)
      .describe("Whether containers reach 169.254.169.254, where user data and more about the instance can be read."),
  })
  .superRefine((options, context) => {
    const issue = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
    for (const key of Object.keys(options.tags))
      if (/^aws:/i.test(key) || key.startsWith(tagPrefix) || key === "Name")
        issue(["tags", key], `must not be Name, nor begin with aws: or ${tagPrefix}`);
    if (!options.publicAddress && options.vpc === undefined && options.subnets.length === 0)
      issue(
        ["publicAddress"],
        "needs vpc or subnets: nothing in a VPC of the cluster's own reaches the internet without",
      );
  });

/** The `aws` block, with everything filled in. */
export type AwsOptions = z.infer<typeof awsOptions>;

/** The options of one request, or of a cluster without a block of its own. */
export function optionsOf(options: unknown): AwsOptions {
  return awsOptions.parse(options ?? {});
}

/** The tags of the user's own. */
export function ownTags(options: unknown): readonly Tag[] {
  return Object.entries(optionsOf(options).tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Whether the network is the cluster's own, made and removed with it. */
export function hasOwnVpc({ vpc, subnets }: AwsOptions): boolean {
  return vpc === undefined && subnets.length === 0;
}

/** A zone's full name: `a` is one of the region's. */
export function zoneIn(region: string, zone: string): string {
  return /^[a-z]$/.test(zone) ? `${region}${zone}` : zone;
}

/** Source: Amazon VPC's user guide: from /16 to /28; a sixteenth for each zone must be /28 or larger, and have room for a swarm. */
function isVpcRange(text: string): boolean {
  const network = parseIpv4Network(text);
  const isPrivate = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(text);
  return network?.canonical === text && isPrivate && network.prefix >= 16 && network.prefix <= 22;
}
