/** An instance type that the region has. */
export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  readonly architecture: "x86_64" | "arm64";
  /** The zones that sell it, by their letters; all unless given. */
  readonly zones?: readonly string[];
}

/** An image that somebody published. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly architecture: "x86_64" | "arm64";
  readonly createdAt: string;
  readonly diskGiB: number;
}

/** The zones that take new machines, by their letters; `e` takes none. */
export const zoneLetters = ["a", "b", "c", "d"] as const;

/** What is sold. */
export const types: readonly InstanceType[] = [
  { name: "t3.nano", vcpus: 2, architecture: "x86_64" },
  { name: "t3.micro", vcpus: 2, architecture: "x86_64" },
  { name: "t3.small", vcpus: 2, architecture: "x86_64" },
  { name: "t3.medium", vcpus: 2, architecture: "x86_64" },
  { name: "t3.large", vcpus: 2, architecture: "x86_64" },
  { name: "t3a.medium", vcpus: 2, architecture: "x86_64" },
  { name: "m7i.4xlarge", vcpus: 16, architecture: "x86_64" },
  { name: "t4g.small", vcpus: 2, architecture: "arm64" },
  { name: "c7i.large", vcpus: 2, architecture: "x86_64", zones: ["c"] },
];

const canonical = "099720109477";
const debian = "136693071363";

/** An image that somebody baked with an engine in it. */
export const ownImage = "ami-0e00000000000001";

/** What is published: several releases, and several builds of each. */
export const images: readonly Image[] = [
  ubuntu("ami-0a24040000000001", "noble", "24.04", "20260101", "x86_64"),
  ubuntu("ami-0a24040000000002", "noble", "24.04", "20260601", "x86_64"),
  ubuntu("ami-0a25040000000001", "plucky", "25.04", "20260901", "x86_64"),
  ubuntu("ami-0a26040000000001", "resolute", "26.04", "20260501", "x86_64"),
  ubuntu("ami-0a26040000000002", "resolute", "26.04", "20260801", "x86_64"),
  ubuntu("ami-0b26040000000002", "resolute", "26.04", "20260801", "arm64"),
  {
    ...{ id: "ami-0d13000000000001", name: "debian-13-amd64-20260701-2100", owner: debian, architecture: "x86_64" },
    ...{ createdAt: "2026-07-01T00:00:00.000Z", diskGiB: 8 },
  },
  {
    ...{ id: ownImage, name: "docker-of-our-own", owner: "123456789012", architecture: "x86_64" },
    ...{ createdAt: "2026-07-01T00:00:00.000Z", diskGiB: 8 },
  },
  {
    ...{ id: "ami-0f00000000000001", name: "their-large-image", owner: "123456789012", architecture: "x86_64" },
    ...{ createdAt: "2026-07-01T00:00:00.000Z", diskGiB: 60 },
  },
];

function ubuntu(id: string, word: string, release: string, day: string, architecture: Image["architecture"]): Image {
  const short = architecture === "arm64" ? "arm64" : "amd64";
  const name = `ubuntu/images/hvm-ssd-gp3/ubuntu-${word}-${release}-${short}-server-${day}`;
  const createdAt = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`;
  return { id, name, owner: canonical, architecture, createdAt, diskGiB: 8 };
}
