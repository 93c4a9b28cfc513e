import { sizeIn, type Tiers } from "../cloud/tiers.ts";

/** A size in belt's and docker-machine's old words, by its memory: what is sold for it today. */
const tiers: Tiers = [
  [512, "t3.nano"],
  [1024, "t3.micro"],
  [2048, "t3.small"],
  [4096, "t3.medium"],
  [8192, "t3.large"],
  [16_384, "t3.xlarge"],
  [32_768, "t3.2xlarge"],
  [65_536, "m7i.4xlarge"],
];

/** The instance type of a size: an amount of memory alone means the smallest tier that has as much. */
export function instanceType(size: string): string {
  return sizeIn(tiers, size);
}
