import { sizeIn, type Tiers } from "../cloud/tiers.ts";

/** A size in belt's and docker-machine's old words, by its memory: what is sold for it today. */
const tiers: Tiers = [
  [512, "s-1vcpu-512mb-10gb"],
  [1024, "s-1vcpu-1gb"],
  [2048, "s-1vcpu-2gb"],
  [4096, "s-2vcpu-4gb"],
  [8192, "s-4vcpu-8gb"],
  [16_384, "s-8vcpu-16gb"],
  [32_768, "g-8vcpu-32gb"],
  [65_536, "g-16vcpu-64gb"],
];

/** The slug of a size: an amount of memory alone means the smallest tier that has as much. */
export function sizeSlug(size: string): string {
  return sizeIn(tiers, size);
}
