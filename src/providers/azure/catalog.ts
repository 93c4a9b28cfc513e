import { z } from "zod";
import type { Client } from "./client.ts";
import { isGone } from "./gone.ts";

const skuSchema = z.object({
  resourceType: z.string().nullish(),
  name: z.string(),
  family: z.string().nullish(),
  locationInfo: z.array(z.object({ zones: z.array(z.string()).nullish() })).nullish(),
  capabilities: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  restrictions: z
    .array(
      z.object({
        type: z.string().nullish(),
        restrictionInfo: z.object({ zones: z.array(z.string()).nullish() }).nullish(),
      }),
    )
    .nullish(),
});

const usageSchema = z.object({
  currentValue: z.number(),
  limit: z.number(),
  name: z.object({ value: z.string(), localizedValue: z.string().nullish() }),
});

/** A size of machines in one location. */
export interface Size {
  readonly name: string;
  /** What its quota is counted by. */
  readonly family: string;
  readonly cores: number;
  readonly isArm: boolean;
  /** Whether it boots images of the second generation. */
  readonly isSecondGeneration: boolean;
  /** The zones that it can be had in. */
  readonly zones: readonly string[];
  /** Whether it can be had at all by this subscription. */
  readonly isSold: boolean;
}

/** How much of something the subscription may have in a location, and has. */
export interface Quota {
  /** Azure's own name: `cores`, `standardBSFamily`. */
  readonly name: string;
  readonly words: string;
  readonly limit: number;
  readonly used: number;
}

/** What can be had where; each list is asked for once. */
export class Catalog {
  readonly #client: Client;
  readonly #sizes = new Map<string, Promise<readonly Size[]>>();
  readonly #offers = new Map<string, Promise<string | undefined>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** All sizes of a location; none where there is no such location. */
  async sizes(location: string, signal: AbortSignal): Promise<readonly Size[]> {
    return await once(this.#sizes, location, () => this.#askSizes(location, signal));
  }

  /** The offer of Canonical's newest long-term release; `undefined` where there is none. */
  async ltsOffer(location: string, signal: AbortSignal): Promise<string | undefined> {
    return await once(this.#offers, location, () => this.#askOffer(location, signal));
  }

  /** What the subscription may have in a location. */
  async quotas(location: string, signal: AbortSignal): Promise<readonly Quota[]> {
    const about = { doing: "look at the quotas", action: "Microsoft.Compute/locations/usages/read" };
    const all = await this.#client.list(
      usageSchema,
      ({ compute }, options) => compute.usage.list(location, options),
      about,
      signal,
    );
    return all.map(({ name, limit, currentValue }) => ({
      ...{ name: name.value, words: name.localizedValue ?? name.value, limit, used: currentValue },
    }));
  }

  async #askSizes(location: string, signal: AbortSignal): Promise<readonly Size[]> {
    const about = { doing: `list the sizes in ${location}`, action: "Microsoft.Compute/skus/read" };
    const filter = `location eq '${location}'`;
    const all = await this.#client.list(
      skuSchema,
      ({ compute }, options) => compute.resourceSkus.list({ ...options, filter }),
      about,
      signal,
    );
    return all.filter(({ resourceType }) => resourceType === "virtualMachines").map(sizeOf);
  }

  async #askOffer(location: string, signal: AbortSignal): Promise<string | undefined> {
    const about = {
      doing: "look for Ubuntu's images",
      action: "Microsoft.Compute/locations/publishers/artifacttypes/offers/read",
    };
    const offers = await this.#client
      .read(
        z.array(z.object({ name: z.string() })),
        ({ compute }, options) => compute.virtualMachineImages.listOffers(location, "Canonical", options),
        about,
        signal,
      )
      .catch((error: unknown) => {
        if (isGone(error)) return [];
        throw error;
      });
    // Releases of even years in April are supported for long.
    const releases = offers.flatMap(({ name }) => {
      const year = Number(/^ubuntu-(\d\d)_04-lts$/.exec(name)?.[1] ?? Number.NaN);
      return Number.isNaN(year) ? [] : [{ name, year }];
    });
    return releases.sort((a, b) => b.year - a.year)[0]?.name;
  }
}

/** What failed is asked for again. */
async function once<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const asking = known.get(key) ?? ask();
  known.set(key, asking);
  try {
    return await asking;
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

function sizeOf({ name, family, locationInfo, capabilities, restrictions }: z.infer<typeof skuSchema>): Size {
  const capability = (wanted: string): string => capabilities?.find((one) => one.name === wanted)?.value ?? "";
  const closed = new Set(
    (restrictions ?? []).flatMap(({ type, restrictionInfo }) =>
      type === "Zone" ? (restrictionInfo?.zones ?? []) : [],
    ),
  );
  return {
    ...{ name, family: family ?? "", cores: Number(capability("vCPUs")) || 0 },
    isArm: capability("CpuArchitectureType") === "Arm64",
    isSecondGeneration: capability("HyperVGenerations").includes("V2"),
    zones: (locationInfo?.[0]?.zones ?? []).filter((zone) => !closed.has(zone)).toSorted(),
    isSold: !(restrictions ?? []).some(({ type }) => type === "Location"),
  };
}
