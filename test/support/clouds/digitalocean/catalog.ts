/** A size that droplets come in. Memory is in MiB, disk in GiB, prices are in dollars. */
export interface Size {
  readonly slug: string;
  readonly description: string;
  readonly memory: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly priceHourly: number;
  readonly regions: readonly string[];
  readonly available: boolean;
}

/** An image that droplets are made from. */
export interface Image {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly distribution: string;
  readonly kind: "distribution" | "application";
  readonly minDiskGiB: number;
}

/** A place where droplets are. */
export interface Region {
  readonly slug: string;
  readonly name: string;
  readonly available: boolean;
}

/** Where droplets can be made, and places that take no new ones. */
export const regions: readonly Region[] = [
  region("nyc1", "New York 1"),
  region("nyc2", "New York 2", false),
  region("nyc3", "New York 3"),
  region("sfo1", "San Francisco 1", false),
  region("sfo2", "San Francisco 2"),
  region("sfo3", "San Francisco 3"),
  region("ams2", "Amsterdam 2", false),
  region("ams3", "Amsterdam 3"),
  region("fra1", "Frankfurt 1"),
  region("lon1", "London 1"),
  region("sgp1", "Singapore 1"),
  region("blr1", "Bangalore 1"),
  region("tor1", "Toronto 1"),
  region("syd1", "Sydney 1"),
];

const everywhere = regions.filter(({ available }) => available).map(({ slug }) => slug);

/** What the API lists: more than its default page has room for. The big one is not sold everywhere, and one nowhere any more. */
export const sizes: readonly Size[] = [
  size("s-1vcpu-512mb-10gb", "Basic", [0.5, 1, 10, 4]),
  size("s-1vcpu-1gb", "Basic", [1, 1, 25, 6]),
  ...variants("s-1vcpu-1gb", [1, 1, 25, 7]),
  size("s-1vcpu-2gb", "Basic", [2, 1, 50, 12]),
  ...variants("s-1vcpu-2gb", [2, 1, 50, 14]),
  size("s-2vcpu-2gb", "Basic", [2, 2, 60, 18]),
  ...variants("s-2vcpu-2gb", [2, 2, 60, 21]),
  size("s-2vcpu-4gb", "Basic", [4, 2, 80, 24]),
  ...variants("s-2vcpu-4gb", [4, 2, 80, 28]),
  size("c-2", "CPU-Optimized", [4, 2, 25, 42]),
  size("s-4vcpu-8gb", "Basic", [8, 4, 160, 48]),
  ...variants("s-4vcpu-8gb", [8, 4, 160, 56]),
  size("g-2vcpu-8gb", "General Purpose", [8, 2, 25, 63]),
  size("c-4", "CPU-Optimized", [8, 4, 50, 84]),
  size("m-2vcpu-16gb", "Memory-Optimized", [16, 2, 50, 84]),
  size("s-8vcpu-16gb", "Basic", [16, 8, 320, 96]),
  ...variants("s-8vcpu-16gb", [16, 8, 320, 112]),
  size("g-4vcpu-16gb", "General Purpose", [16, 4, 50, 126]),
  size("c-8", "CPU-Optimized", [16, 8, 100, 168]),
  size("g-8vcpu-32gb", "General Purpose", [32, 8, 100, 252]),
  size("c-16", "CPU-Optimized", [32, 16, 200, 336]),
  size("g-16vcpu-64gb", "General Purpose", [64, 16, 200, 504]),
  { ...size("c-32", "CPU-Optimized", [64, 32, 400, 672]), regions: ["nyc1", "nyc3", "fra1"] },
  { ...size("s-1vcpu-3gb", "Basic", [3, 1, 60, 15]), available: false },
];

/** What the API lists, the newest long-term release of Ubuntu among them: more than its default page has room for. */
export const images: readonly Image[] = [
  ...["26.04 (LTS)", "25.10", "24.04 (LTS)", "22.04 (LTS)"].map((name) => distribution("ubuntu", "Ubuntu", name)),
  ...["13", "12", "11"].map((name) => distribution("debian", "Debian", name)),
  ...["43", "42"].map((name) => distribution("fedora", "Fedora", name)),
  ...["10", "9"].map((name) => distribution("centos-stream", "CentOS", name)),
  ...["10", "9", "8"].map((name) => distribution("rockylinux", "Rocky Linux", name)),
  application("docker-20-04", "Docker 28.5.2 on Ubuntu 24.04"),
  ...["lamp", "lemp", "mongodb", "mysql", "nodejs", "openlitespeed", "postgresql", "wordpress"].map((name) =>
    application(`${name}-20-04`, `${name} on Ubuntu 24.04`),
  ),
].map((image, index) => ({ ...image, id: 195_000_001 + index }));

function region(slug: string, name: string, available = true): Region {
  return { slug, name, available };
}

/** Memory in GiB, processors, disk in GiB, dollars a month. */
type Figures = readonly [number, number, number, number];

/** An hour costs a 672nd of a month, rounded as in the price list. */
function size(slug: string, description: string, [gib, vcpus, disk, monthly]: Figures): Size {
  const priceHourly = Math.round((monthly / 672) * 100_000) / 100_000;
  return { slug, description, memory: gib * 1024, vcpus, disk, priceHourly, regions: everywhere, available: true };
}

function variants(slug: string, figures: Figures): readonly Size[] {
  return [size(`${slug}-amd`, "Premium AMD", figures), size(`${slug}-intel`, "Premium Intel", figures)];
}

function distribution(family: string, distributionName: string, name: string): Omit<Image, "id"> {
  const version = name.split(" ")[0]?.replace(".", "-");
  const slug = `${family}-${version}-x64`;
  return { slug, name: `${name} x64`, distribution: distributionName, kind: "distribution", minDiskGiB: 7 };
}

function application(slug: string, name: string): Omit<Image, "id"> {
  return { slug, name, distribution: "Ubuntu", kind: "application", minDiskGiB: 25 };
}
