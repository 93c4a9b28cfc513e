import type { Clock } from "../../util/clock.ts";
import { Secret } from "../../util/secret.ts";
import { safeEndpoint } from "../cloud/endpoint.ts";
import { Inventory } from "../cloud/inventory.ts";
import type { ProviderContext } from "../provider.ts";
import { listSizes, type Size } from "./catalog.ts";
import { type Client, openClient } from "./client.ts";
import { dropletSource } from "./droplet-source.ts";
import { tokenVariable } from "./errors.ts";
import type { Fetch } from "./transport.ts";

/** What every part of the provider works with. */
export interface Cloud {
  readonly client: Client;
  readonly inventory: Inventory;
  readonly clock: Clock;
  readonly env: ProviderContext["env"];
  /** All sizes that are sold, asked for once. */
  sizes(signal: AbortSignal): Promise<readonly Size[]>;
}

/** The variable that moves the API elsewhere, for a proxy. */
const endpointVariable = "BELT_DIGITALOCEAN_ENDPOINT";

/** The cloud with the token and the endpoint of the environment. Nothing is called; what is missing is told by the first call. */
export function openCloud({ clock, random, env }: ProviderContext, fetch: Fetch): Cloud {
  const token = (env[tokenVariable] ?? "").trim();
  const client = openClient({
    ...{ clock, random, fetch, endpoint: endpointIn(env) },
    token: token === "" ? undefined : new Secret(token),
  });
  let known: readonly Size[] | undefined;
  const sizes = async (signal: AbortSignal): Promise<readonly Size[]> => {
    known ??= await listSizes(client, signal);
    return known;
  };
  return { client, clock, env, sizes, inventory: new Inventory(dropletSource(client), clock) };
}

/** @throws BeltError `usage.invalid` for what is no URL, or would send the token in the clear. */
function endpointIn(env: ProviderContext["env"]): string {
  const text = env[endpointVariable] ?? "";
  if (text === "") return "https://api.digitalocean.com";
  return safeEndpoint(endpointVariable, text).replace(/\/+$/, "").replace(/\/v2$/, "");
}
