import type { Clock } from "../../util/clock.ts";
import type { ProviderContext } from "../provider.ts";
import { Catalog } from "./catalog.ts";
import { type Client, openClient } from "./client.ts";
import { Elsewhere } from "./elsewhere.ts";
import { Inventory } from "./inventory.ts";
import { Places } from "./places.ts";
import { readSettings } from "./settings.ts";

/** What every part of the provider works with. */
export interface Cloud {
  readonly client: Client;
  readonly places: Places;
  readonly inventory: Inventory;
  readonly catalog: Catalog;
  readonly elsewhere: Elsewhere;
  readonly clock: Clock;
  readonly env: ProviderContext["env"];
  readonly random: () => number;
  /** Counts up with each asking. */
  count(): number;
}

/** The cloud with the credentials and the endpoint of the environment. Nothing is called; what is missing is told by the first call. */
export function openCloud(context: ProviderContext): Cloud {
  const { clock, env, cluster, random } = context;
  let counted = 0;
  const client = openClient(readSettings(env), context);
  const places = new Places(client, cluster);
  const elsewhere = new Elsewhere(client);
  const inventory = new Inventory({ client, clock, places, elsewhere });
  return {
    client,
    places,
    inventory,
    elsewhere,
    clock,
    env,
    random,
    count: () => ++counted,
    catalog: new Catalog(client),
  };
}
