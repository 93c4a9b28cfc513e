import { BeltError } from "../util/errors.ts";
import { compressNames } from "../util/ranges.ts";
import { type ClusterContext, emit, providerNames } from "./context.ts";
import { plannedMachine, type WantedMachine } from "./create-machines.ts";
import type { ClusterSpec } from "./spec/types.ts";

/** What machines cost together an hour, in one currency. */
export interface Price {
  /** ISO 4217. */
  readonly currency: string;
  readonly hourly: number;
  /** The machines whose price the provider does not say; they are not in the sum. */
  readonly unknown: readonly string[];
}

/** What all machines of a cluster file cost together, for each currency; nothing for providers that say no prices. */
export async function priceOf(
  context: ClusterContext,
  spec: ClusterSpec,
  signal: AbortSignal,
): Promise<readonly Price[]> {
  const byProvider = Map.groupBy(spec.machines, ({ provider }) => provider);
  const prices = [...byProvider].map(([provider, machines]) => fromProvider(context, provider, machines, signal));
  const byCurrency = Map.groupBy((await Promise.all(prices)).flat(), ({ currency }) => currency);
  return [...byCurrency].map(([currency, parts]) => ({
    currency,
    hourly: parts.reduce((sum, { hourly }) => sum + hourly, 0),
    unknown: parts.flatMap(({ unknown }) => unknown),
  }));
}

/**
 * Refuses machines that would cost more than the file allows, before the first one is made.
 *
 * @throws BeltError `guard.budget`, also where the provider does not say what a machine costs.
 */
export async function guardPrice(context: ClusterContext, signal: AbortSignal): Promise<void> {
  const { maxHourlyPrice: most } = context.spec.limits;
  if (most === undefined) return;
  const silent = await withoutPrices(context);
  if (silent.length > 0)
    emit(context, {
      event: "note",
      message: `limits.maxHourlyPrice bounds nothing on ${silent.join(", ")}: no prices there`,
    });
  for (const { currency, hourly, unknown } of await priceOf(context, context.spec, signal)) {
    if (unknown.length > 0)
      throw new BeltError("guard.budget", `what ${compressNames(unknown)} would cost is not known; nothing was made`, {
        hint: "Name a size that the provider has a price for, or leave limits.maxHourlyPrice out.",
      });
    if (hourly > most)
      throw new BeltError(
        "guard.budget",
        `${amount(hourly)} ${currency} an hour is more than limits.maxHourlyPrice allows (${amount(most)})`,
        {
          hint: "Raise limits.maxHourlyPrice in the cluster file if you mean it, or ask for fewer or smaller machines.",
        },
      );
  }
}

/** The providers of the file that say no prices. */
async function withoutPrices(context: ClusterContext): Promise<readonly string[]> {
  const names = providerNames(context.spec);
  const providers = await Promise.all(names.map(async (name) => (await context.fleet.open(name)).provider));
  return providers.flatMap(({ name, prices }) => (prices ? [] : [name]));
}

/** An amount of money with as many digits as hourly prices have. */
export function amount(value: number): string {
  return String(Number(value.toFixed(5)));
}

async function fromProvider(
  context: ClusterContext,
  provider: string,
  machines: readonly WantedMachine[],
  signal: AbortSignal,
): Promise<readonly Price[]> {
  const { prices } = (await context.fleet.open(provider)).provider;
  if (!prices) return [];
  const planned = machines.map((machine) => plannedMachine(context, machine));
  const each = await prices.hourly(planned, signal);
  return [
    {
      currency: prices.currency,
      hourly: each.reduce<number>((sum, price) => sum + (price ?? 0), 0),
      unknown: machines.flatMap(({ name }, index) => (each[index] === undefined ? [name] : [])),
    },
  ];
}
