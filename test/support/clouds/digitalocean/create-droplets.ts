import { z } from "zod";
import type { Call, Reply } from "../call.ts";
import { regions, type Size, sizes } from "./catalog.ts";
import { beginLife } from "./droplet-life.ts";
import { findKey } from "./keys.ts";
import { findImage, renderDroplet } from "./render.ts";
import { ok, parsed, unprocessable } from "./replies.ts";
import type { Account, Action, Droplet, Vpc } from "./state.ts";
import { ensureTag, isTagName } from "./tags.ts";
import { defaultVpc } from "./vpcs.ts";

/** As many names one request takes. */
const mostNames = 10;
/** 64 KiB. */
const mostUserDataBytes = 65_536;

const nameSchema = z
  .string()
  .max(255)
  .regex(/^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/, {
    error: "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)",
  });

const bodySchema = z.object({
  name: nameSchema.optional(),
  names: z.array(nameSchema).min(1).optional(),
  region: z.string().optional(),
  size: z.string(),
  image: z.union([z.string(), z.number()]),
  ssh_keys: z.array(z.union([z.string(), z.number()])).nullish(),
  ipv6: z.boolean().nullish(),
  monitoring: z.boolean().nullish(),
  tags: z.array(z.string()).nullish(),
  user_data: z.string().nullish(),
  vpc_uuid: z.string().nullish(),
  public_networking: z.boolean().nullish(),
});
type Body = z.infer<typeof bodySchema>;

/**
 * Accepts droplets: one by `name`, or up to ten by `names`, all of them alike. All are accepted or none, and nothing tells the
 * same request sent twice from two requests.
 */
export function createDroplets(account: Account, call: Call): Reply {
  const body = parsed(bodySchema, call.body);
  const names = body.names ?? (body.name === undefined ? [] : [body.name]);
  const plan = check(account, body, names);
  const made = names.map((name) => make(account, { name, body, ...plan }));
  const droplets = made.map(({ droplet }) => renderDroplet(account, droplet));
  const { host = "" } = call.headers;
  const actions = made.map(({ action: { id } }) => ({ id, rel: "create", href: `http://${host}/v2/actions/${id}` }));
  return ok(body.names ? { droplets, links: { actions } } : { droplet: droplets[0], links: { actions } }, 202);
}

interface Plan {
  readonly region: string;
  readonly size: Size;
  readonly image: Droplet["image"];
  readonly vpc: Vpc;
  readonly authorizedKeys: readonly string[];
}

function check(account: Account, body: Body, names: readonly string[]): Plan {
  if (names.length === 0) throw unprocessable("Name can't be blank");
  if (names.length > mostNames) throw unprocessable(`You can create at most ${mostNames} Droplets in one request.`);
  const image = findImage(body.image);
  if (!image) throw unprocessable("You specified an invalid image for Droplet creation.");
  const size = sizes.find(({ slug }) => slug === body.size);
  if (!size) throw unprocessable("You specified an invalid size for Droplet creation.");
  const region = chooseRegion(body.region, size);
  if (size.disk < image.minDiskGiB) throw unprocessable("The image is too large for the size's disk.");
  if (Buffer.byteLength(body.user_data ?? "") > mostUserDataBytes)
    throw unprocessable("User data must be no longer than 64 KiB.");
  const badTag = body.tags?.find((tag) => !isTagName(tag));
  if (badTag !== undefined) throw unprocessable(`"${badTag}" is not a valid tag name`);
  const authorizedKeys = keysOf(account, body.ssh_keys ?? []);
  const vpc = chooseVpc(account, body.vpc_uuid, region);
  requireRoom(account, names.length);
  return { region, size, image, vpc, authorizedKeys };
}

function chooseRegion(wanted: string | undefined, size: Size): string {
  const region = regions.find(({ slug }) => slug === (wanted ?? size.regions[0]));
  if (!region) throw unprocessable("You specified an invalid region for Droplet creation.");
  if (!region.available || !size.available || !size.regions.includes(region.slug))
    throw unprocessable("Size is not available in this region.");
  return region.slug;
}

function keysOf(account: Account, wanted: readonly (string | number)[]): readonly string[] {
  const unknown = wanted.filter((key) => !findKey(account, key));
  if (unknown.length > 0)
    throw unprocessable(`${unknown.join(", ")} are invalid key identifiers for Droplet creation.`);
  return wanted.flatMap((key) => findKey(account, key)?.publicKey ?? []);
}

function chooseVpc(account: Account, wanted: string | null | undefined, region: string): Vpc {
  if (wanted === undefined || wanted === null || wanted === "") return defaultVpc(account, region);
  const vpc = account.vpcs.get(wanted);
  if (vpc?.region === region) return vpc;
  throw unprocessable("You specified an invalid VPC for Droplet creation.");
}

function requireRoom(account: Account, count: number): void {
  if ([...account.droplets.values()].filter(({ deleted }) => !deleted).length + count <= account.dropletLimit) return;
  throw unprocessable(`creating this/these droplet(s) will exceed your droplet limit`);
}

interface Wanted extends Plan {
  readonly name: string;
  readonly body: Body;
}

function make(account: Account, wanted: Wanted): { readonly droplet: Droplet; readonly action: Action } {
  const { name, body, region, size, image, vpc, authorizedKeys } = wanted;
  const { timings, agenda } = account;
  const now = agenda.nowMs();
  account.counters.droplet += 1;
  const droplet: Droplet = {
    ...{ id: 500_000_000 + account.counters.droplet, name, region, size, disk: size.disk, image, vpcId: vpc.id },
    ...{ fate: account.fateOf(name), ipv6: body.ipv6 ?? false, monitoring: body.monitoring ?? false },
    ...{ status: "new", locked: true, pending: undefined, deleted: false, behind: Promise.resolve() },
    ...{
      createdMs: now,
      addressesMs: now + timings.addressMs,
      listedMs: now + timings.listedMs,
      unlistedMs: Number.POSITIVE_INFINITY,
    },
  };
  const hasPublicAddress = body.public_networking ?? true;
  const birth = { vpc, userData: body.user_data ?? undefined, authorizedKeys, hasPublicAddress };
  const action = beginLife(account, droplet, birth);
  for (const tag of body.tags ?? []) ensureTag(account, tag).droplets.add(droplet.id);
  return { droplet, action };
}
