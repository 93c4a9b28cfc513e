import type { Clock } from "../../util/clock.ts";
import { safeEndpoint } from "../cloud/endpoint.ts";
import { Inventory } from "../cloud/inventory.ts";
import type { ProviderContext } from "../provider.ts";
import { Catalog } from "./catalog.ts";
import { type Client, openClient } from "./client.ts";
import { instanceSource } from "./instance-source.ts";
import { loadSdk } from "./load-sdk.ts";
import { Namer } from "./namer.ts";
import { type AwsOptions, optionsOf } from "./options.ts";

/** What every part of the provider works with. */
export interface Cloud {
  readonly client: Client;
  readonly catalog: Catalog;
  readonly inventory: Inventory;
  readonly namer: Namer;
  readonly clock: Clock;
  readonly env: ProviderContext["env"];
}

/** The variables that move the API elsewhere, for a proxy: the SDK's own. */
const endpointVariables = ["AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"] as const;

/** The cloud with the credentials and the region of the cluster file, the environment, or the SDK's own chain. Nothing is called. */
export function openCloud({ clock, random, env, cluster }: ProviderContext): Cloud {
  const options: AwsOptions | undefined = cluster?.options === undefined ? undefined : optionsOf(cluster.options);
  const endpoint = endpointIn(env);
  const settings = { region: options?.region, profile: options?.profile, endpoint, env };
  const client = openClient({ clock, random, endpoint, load: () => loadSdk(settings) });
  return {
    ...{ client, clock, env, catalog: new Catalog(client), namer: new Namer(client, clock) },
    inventory: new Inventory(instanceSource(client), clock),
  };
}

/** @throws BeltError `usage.invalid` for what is no URL, or would send what proves who is calling in the clear. */
function endpointIn(env: ProviderContext["env"]): string | undefined {
  const variable = endpointVariables.find((name) => (env[name] ?? "") !== "");
  return variable === undefined ? undefined : safeEndpoint(variable, env[variable] ?? "");
}
