/** What a cloud sells for an amount of memory in MiB, the smallest first. */
export type Tiers = readonly (readonly [mebibytes: number, size: string])[];

/**
 * A size in the cloud's words. An amount of memory alone, such as `512mb`, `8192MB` or `4gb`, means the smallest tier that has
 * as much; everything else is the cloud's word already.
 */
export function sizeIn(tiers: Tiers, size: string): string {
  const [, amount, unit = ""] = /^(\d+)(mb|gb)$/i.exec(size) ?? [];
  if (amount === undefined) return size;
  const mebibytes = Number(amount) * (unit.toLowerCase() === "gb" ? 1024 : 1);
  return tiers.find(([memory]) => memory >= mebibytes)?.[1] ?? size;
}
