/** A size in belt's and docker-machine's old words, by its memory: what is sold for it today. */
const tiers: readonly (readonly [mebibytes: number, slug: string])[] = [
  [512, "s-1vcpu-512mb-10gb"],
  [1024, "s-1vcpu-1gb"],
  [2048, "s-1vcpu-2gb"],
  [4096, "s-2vcpu-4gb"],
  [8192, "s-4vcpu-8gb"],
  [16_384, "s-8vcpu-16gb"],
  [32_768, "g-8vcpu-32gb"],
  [65_536, "g-16vcpu-64gb"],
];

/**
 * The slug of a size. An amount of memory alone, such as `512mb`, `8192MB` or `4gb`, means the smallest tier that has as much;
 * everything else is a slug already.
 */
export function sizeSlug(size: string): string {
  const [, amount, unit = ""] = /^(\d+)(mb|gb)$/i.exec(size) ?? [];
  if (amount === undefined) return size;
  const mebibytes = Number(amount) * (unit.toLowerCase() === "gb" ? 1024 : 1);
  return tiers.find(([memory]) => memory >= mebibytes)?.[1] ?? size;
}
