import { type Image, images, type Region, regions, type Size, sizes } from "./catalog.ts";
import { type Account, type Action, type Droplet, type Firewall, type Key, timestamp, type Vpc } from "./state.ts";

/** A droplet as the API shows it. Addresses come late. */
export function renderDroplet(account: Account, droplet: Droplet): object {
  const { id, name, size, disk, locked, status, image, region, vpcId } = droplet;
  const optional = [...(droplet.ipv6 ? ["ipv6"] : []), ...(droplet.monitoring ? ["monitoring"] : [])];
  return {
    ...{ id, name, memory: size.memory, vcpus: size.vcpus, disk, locked, status, kernel: null },
    disk_info: [{ type: "local", size: { amount: disk, unit: "gib" } }],
    created_at: timestamp(account, droplet.createdMs),
    features: [...optional, "private_networking", "droplet_agent"],
    ...{ backup_ids: [], next_backup_window: null, snapshot_ids: [], volume_ids: [] },
    ...{ image: renderImage(image), size: renderSize(size), size_slug: size.slug },
    networks: { v4: networks(account, droplet), v6: [] },
    region: renderRegion(regions.find(({ slug }) => slug === region)),
    ...{ tags: tagsOf(account, id), vpc_uuid: vpcId },
  };
}

/** An action as the API shows it. */
export function renderAction(account: Account, action: Action): object {
  const { id, type, status, dropletId, region } = action;
  return {
    ...{ id, type, status, resource_id: dropletId, resource_type: "droplet", region_slug: region },
    started_at: timestamp(account, action.startedMs),
    completed_at: action.completedMs === undefined ? null : timestamp(account, action.completedMs),
    region: renderRegion(regions.find(({ slug }) => slug === region)),
  };
}

/** A size as the API shows it. */
export function renderSize({ slug, description, memory, vcpus, disk, ...size }: Size): object {
  return {
    ...{ slug, description, memory, vcpus, disk, regions: size.regions, available: size.available },
    ...{ transfer: vcpus, price_hourly: size.priceHourly, price_monthly: Math.round(size.priceHourly * 672) },
    disk_info: [{ type: "local", size: { amount: disk, unit: "gib" } }],
  };
}

/** A region as the API shows it. */
export function renderRegion(region: Region | undefined): object | undefined {
  if (!region) return undefined;
  const sold = sizes.filter((size) => size.available && size.regions.includes(region.slug));
  const features = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"];
  return { ...region, features, sizes: sold.map(({ slug }) => slug) };
}

/** An image as the API shows it. */
export function renderImage({ id, slug, name, distribution, kind, minDiskGiB }: Image): object {
  return {
    ...{ id, slug, name, distribution, public: true, regions: regions.map((region) => region.slug) },
    ...{ type: kind === "distribution" ? "base" : "snapshot", min_disk_size: minDiskGiB, size_gigabytes: 2.36 },
    ...{ created_at: "2026-04-24T05:47:50Z", description: name, tags: [], status: "available", error_message: "" },
  };
}

/** The image of this id or slug. */
export function findImage(wanted: string | number): Image | undefined {
  return images.find(({ id, slug }) => slug === wanted || String(id) === String(wanted));
}

/** A key as the API shows it. */
export function renderKey({ id, fingerprint, publicKey, name }: Key): object {
  return { id, fingerprint, public_key: publicKey, name };
}

/** A VPC as the API shows it. */
export function renderVpc(
  account: Account,
  { id, name, description, region, range, isDefault, createdMs }: Vpc,
): object {
  const created_at = timestamp(account, createdMs);
  return { id, urn: `do:vpc:${id}`, name, description, region, ip_range: range, created_at, default: isDefault };
}

/** A firewall as the API shows it: what it still has to do to droplets, and "all" ports as 0. */
export function renderFirewall(account: Account, firewall: Firewall): object {
  const { id, name, status, inbound, outbound, dropletIds, tags } = firewall;
  const droplets = [...account.droplets.values()].filter(
    (droplet) => dropletIds.includes(droplet.id) || tagsOf(account, droplet.id).some((tag) => tags.includes(tag)),
  );
  const pending = droplets.map((droplet) => ({ droplet_id: droplet.id, removing: false, status: "waiting" }));
  return {
    ...{ id, name, status, created_at: timestamp(account, firewall.createdMs) },
    ...{ inbound_rules: inbound, outbound_rules: outbound, droplet_ids: dropletIds, tags },
    pending_changes: status === "waiting" ? pending : [],
  };
}

/** A tag as the API shows it. */
export function renderTag(call: string, { name, droplets }: { name: string; droplets: ReadonlySet<number> }): object {
  const last = [...droplets].at(-1);
  const last_tagged_uri = last === undefined ? {} : { last_tagged_uri: `${call}/v2/droplets/${last}` };
  const none = { count: 0 };
  return {
    name,
    resources: {
      ...{ count: droplets.size, ...last_tagged_uri, droplets: { count: droplets.size, ...last_tagged_uri } },
      ...{ images: none, volumes: none, volume_snapshots: none, databases: none },
    },
  };
}

/** The tags of a droplet, in the order of the account. */
export function tagsOf(account: Account, dropletId: number): readonly string[] {
  return [...account.tags.values()].filter(({ droplets }) => droplets.has(dropletId)).map(({ name }) => name);
}

function networks(account: Account, droplet: Droplet): readonly object[] {
  const found = account.hosts.addresses(String(droplet.id));
  if (!found || account.agenda.nowMs() < droplet.addressesMs) return [];
  const [first = "10", second = "0"] = found.privateAddress.split(".");
  const own = { ip_address: found.privateAddress, netmask: "255.255.240.0", gateway: `${first}.${second}.0.1` };
  if (found.publicAddress === undefined) return [{ ...own, type: "private" }];
  const gateway = found.publicAddress.replace(/\.\d+$/, ".1");
  const world = { ip_address: found.publicAddress, netmask: "255.255.240.0", gateway };
  return [
    { ...world, type: "public" },
    { ...own, type: "private" },
  ];
}
