import { z } from "zod";
import { parseIpv4Network } from "../../util/ipv4-network.ts";
import { readsAsUserData } from "../cloud/user-data.ts";
import { defaultImage } from "./images.ts";
import { tagPrefix } from "./tags.ts";

const slug = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, {
  error: "must be a slug: letters, digits, hyphens and underscores",
});

const tag = z
  .string()
  .regex(/^[A-Za-z0-9_:-]{1,255}$/, { error: "must be a tag: letters, digits, colons, hyphens and underscores" })
  .refine((text) => !text.toLowerCase().startsWith(tagPrefix), { error: `must not begin with ${tagPrefix}` });

/** The `digitalocean` block of a cluster file. */
export const digitaloceanOptions = z
  .strictObject({
    region: slug.default("nyc3").describe("The region's slug. A swarm lives in one."),
    size: slug
      .default("s-1vcpu-1gb")
      .describe("The size of machines whose group gives none: a slug, or an amount of memory such as 2gb."),
    image: slug
      .default(defaultImage)
      .describe("What machines are made from: the slug or id of an image; docker is the marketplace's with an engine."),
    vpc: z
      .string()
      .regex(/^[A-Za-z0-9.-]+$/, { error: "must be the name or the id of a VPC" })
      .optional()
      .describe("The name or id of a VPC that exists already. Default: one of the cluster's own."),
    ipRange: z
      .string()
      .refine(isVpcRange, { error: "must be a private network such as 10.10.0.0/20, from /16 to /24" })
      .optional()
      .describe("The addresses of the cluster's own VPC. Default: DigitalOcean chooses."),
    publicAddress: z
      .boolean()
      .default(true)
      .describe("Whether machines have public addresses. Without, they are reached through ssh.jump only."),
    tags: z.array(tag).default([]).describe("More tags on each droplet."),
    monitoring: z.boolean().default(false).describe("Whether DigitalOcean's agent reports figures about each droplet."),
    userData: z
      .string()
      .refine(readsAsUserData, { error: 'must begin as cloud-init wants it: "#cloud-config", "#!", or a MIME header' })
      .optional()
      .describe("What cloud-init does on each machine at its first boot, beside what beltkit has it do. No secrets."),
    containersReachMetadata: z
      .boolean()
      .default(false)
      .describe("Whether containers reach 169.254.169.254, where user data and more about the droplet can be read."),
  })
  .refine(({ vpc, ipRange }) => vpc === undefined || ipRange === undefined, {
    path: ["ipRange"],
    error: "is for a VPC of the cluster's own; an existing one has its range",
  });

export type DigitaloceanOptions = z.infer<typeof digitaloceanOptions>;

/** The options of one request, or of a cluster without a block of its own. */
export function optionsOf(options: unknown): DigitaloceanOptions {
  return digitaloceanOptions.parse(options ?? {});
}

/** Source: DigitalOcean's API reference, VPCs: private, and from /16 to /24. */
function isVpcRange(text: string): boolean {
  const network = parseIpv4Network(text);
  const isPrivate = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(text);
  return network?.canonical === text && isPrivate && network.prefix >= 16 && network.prefix <= 24;
}
