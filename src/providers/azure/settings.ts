import { BeltError } from "../../util/errors.ts";
import type { ProviderContext } from "../provider.ts";

/** The environment variable that says whose machines these are. */
export const subscriptionVariable = "AZURE_SUBSCRIPTION_ID";

/** The variable that moves the API elsewhere: to a sovereign cloud, or through a proxy. */
export const endpointVariable = "BELT_AZURE_ENDPOINT";

/** Where the API is, and for whom. */
export interface Settings {
  /** `https://management.azure.com`, without a slash at the end. */
  readonly endpoint: string;
  /** What tokens are asked for. */
  readonly audience: string;
  readonly subscription: string | undefined;
}

const publicCloud = "https://management.azure.com";
/** Clouds with a directory of their own; tokens are for them. Source: Azure's documentation of national clouds. */
const sovereign = /^https:\/\/management\.(usgovcloudapi\.net|chinacloudapi\.cn)$/;

/** @throws BeltError `usage.invalid` for an endpoint that is no https URL. */
export function readSettings(env: ProviderContext["env"]): Settings {
  const endpoint = endpointIn(env);
  const subscription = (env[subscriptionVariable] ?? "").trim();
  return {
    endpoint,
    audience: sovereign.test(endpoint) ? endpoint : publicCloud,
    subscription: subscription === "" ? undefined : subscription,
  };
}

/** Tokens go there, so that it is https always. */
function endpointIn(env: ProviderContext["env"]): string {
  const text = env[endpointVariable] ?? "";
  if (text === "") return publicCloud;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" && url.username === "") return text.replace(/\/+$/, "");
  throw new BeltError("usage.invalid", `${endpointVariable} is no URL that begins with https://`, {
    hint: `Unset it, or: export ${endpointVariable}=https://management.usgovcloudapi.net`,
  });
}
