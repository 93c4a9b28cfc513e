import { z } from "zod";
import { parseIpv4Network } from "../../util/ipv4-network.ts";
import { readsAsUserData } from "../cloud/user-data.ts";
import { ltsImage, readsAsImage } from "./image-names.ts";
import { tagPrefix } from "./tags.ts";

const size = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{1,63}$/, { error: "must be a size such as Standard_B2s" });
const part = "[A-Za-z0-9_.()-]+";
const subnetPattern = new RegExp(
  `^(?:/subscriptions/${part}/resourceGroups/${part}/providers/Microsoft\\.Network/virtualNetworks/${part}/subnets/${part}|(?:${part}/)?${part}/${part})$`,
  "i",
);

/** The `azure` block of a cluster file. */
export const azureOptions = z
  .strictObject({
    location: z
      .string()
      .regex(/^[a-z0-9]+$/, { error: "must be a location's name such as westeurope, in small letters" })
      .default("eastus")
      .describe("Where machines are. A swarm lives in one location."),
    zones: z
      .array(z.string().regex(/^[1-9]$/, { error: "must be a zone: a digit in quotes" }))
      .max(9)
      .default([])
      .describe(
        "The zones that machines may be in, the first one preferred, where their group names none. Default: any.",
      ),
    size: size.default("Standard_B2s").describe("The size of machines whose group gives none."),
    otherSizes: z.array(size).default([]).describe("Sizes to take, in this order, where the right one has no room."),
    image: z
      .string()
      .refine(readsAsImage, { error: "must be ubuntu-lts, publisher:offer:sku:version, or the id of an image" })
      .default(ltsImage)
      .describe("What machines are made from: ubuntu-lts (the newest), publisher:offer:sku:version, or an image's id."),
    diskGiB: z.int().min(30).max(4095).optional().describe("The size of the system disk. Default: the image's."),
    diskType: z
      .enum(["Standard_LRS", "StandardSSD_LRS", "Premium_LRS"])
      .default("StandardSSD_LRS")
      .describe("The kind of the system disk."),
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "must be a user's name in small letters" })
      .refine((name) => !reserved.has(name), { error: "is a name that Azure does not allow" })
      .default("belt")
      .describe("The user that Azure makes on each machine, for SSH; it may become root without a password."),
    resourceGroup: z
      .string()
      .regex(/^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$/, { error: "must be the name of a resource group" })
      .optional()
      .describe("A resource group that exists already, and stays. Default: one of the cluster's own."),
    subnet: z
      .string()
      .regex(subnetPattern, { error: "must be NETWORK/SUBNET, GROUP/NETWORK/SUBNET, or the id of a subnet" })
      .optional()
      .describe("A subnet that exists already. Default: one of the cluster's own."),
    ipRange: z
      .string()
      .refine(isNetworkRange, { error: "must be a private network such as 10.10.0.0/20, from /16 to /26" })
      .optional()
      .describe("The addresses of the cluster's own network. Default: 10.10.0.0/20."),
    publicAddress: z
      .boolean()
      .default(true)
      .describe("Whether machines have public addresses. Without, they are reached through ssh.jump only."),
    interfaces: z
      .enum(["inline", "separate"])
      .default("inline")
      .describe("Whether a machine's interface is made with it, in one call, or before it, in two more."),
    spot: z
      .boolean()
      .default(false)
      .describe("Whether machines are spot machines: cheaper, and stopped when Azure needs the room."),
    tags: z
      .record(
        z
          .string()
          .regex(/^[^<>%&\\?/]{1,512}$/, { error: "must be a tag's name: without < > % & \\ ? and /" })
          .refine((name) => !name.toLowerCase().startsWith(tagPrefix), { error: `must not begin with ${tagPrefix}` }),
        z.string().max(256),
      )
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
      .describe("Whether containers reach 169.254.169.254, which tells about the machine and gives out its tokens."),
  })
  .refine(({ subnet, ipRange }) => subnet === undefined || ipRange === undefined, {
    path: ["ipRange"],
    error: "is for a network of the cluster's own; an existing subnet has its range",
  });

export type AzureOptions = z.infer<typeof azureOptions>;

/** The options of one request, or of a cluster without a block of its own. */
export function optionsOf(options: unknown): AzureOptions {
  return azureOptions.parse(options ?? {});
}

/** The range of a network of the cluster's own. */
export function rangeOf({ ipRange }: AzureOptions): string {
  return ipRange ?? "10.10.0.0/20";
}

/** Some of the names that Azure refuses for users. Source: its documentation of osProfile.adminUsername. */
const reserved: ReadonlySet<string> = new Set(
  "administrator admin user user1 test user2 test1 user3 admin1 1 123 a actuser adm admin2 aspnet backup console david guest john owner root server sql support support_388945a0 sys test2 test3 user4 user5".split(
    " ",
  ),
);

function isNetworkRange(text: string): boolean {
  const network = parseIpv4Network(text);
  const isPrivate = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(text);
  return network?.canonical === text && isPrivate && network.prefix >= 16 && network.prefix <= 26;
}
