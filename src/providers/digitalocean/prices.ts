import type { PriceList } from "../provider.ts";
import type { Cloud } from "./cloud.ts";
import { optionsOf } from "./options.ts";
import { sizeSlug } from "./sizes.ts";

/** What droplets cost an hour, from the API's list of sizes. */
export function openPrices(cloud: Cloud): PriceList {
  return {
    currency: "USD",
    hourly: async (machines, signal) => {
      if (machines.length === 0) return [];
      const prices = new Map((await cloud.sizes(signal)).map((size) => [size.slug, size.price_hourly]));
      return machines.map(({ size, options }) => prices.get(sizeSlug(size ?? optionsOf(options).size)));
    },
  };
}
