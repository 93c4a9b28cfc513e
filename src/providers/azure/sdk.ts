import type { ComputeManagementClient } from "@azure/arm-compute";
import type { NetworkManagementClient } from "@azure/arm-network";
import type { ResourceManagementClient } from "@azure/arm-resources";
import type { TokenCredential } from "@azure/identity";
import type { ProviderContext } from "../provider.ts";
import type { Settings } from "./settings.ts";

/** The clients of Azure Resource Manager, for one subscription. */
export interface Sdk {
  readonly compute: ComputeManagementClient;
  readonly network: NetworkManagementClient;
  readonly resources: ResourceManagementClient;
}

/** What every method of the clients takes. */
export type CallOptions = Pick<
  NonNullable<Parameters<ComputeManagementClient["virtualMachines"]["get"]>[2]>,
  "abortSignal" | "onResponse"
>;

/** A virtual machine as its PUT takes it. */
export type VmBody = Parameters<ComputeManagementClient["virtualMachines"]["createOrUpdate"]>[2];

/**
 * Loads the clients. They neither try again nor wait: both are the transport's, which has the clock. Tokens come from
 * Azure's default credential, or from the client secret of the environment, and stay in memory.
 *
 * @param onToken is told every token, so that it can be kept out of what is shown.
 */
export async function loadSdk(
  { endpoint, audience, subscription }: Settings & { readonly subscription: string },
  env: ProviderContext["env"],
  onToken: (token: string) => void,
): Promise<Sdk> {
  const [compute, network, resources, inner] = await Promise.all([
    import("@azure/arm-compute"),
    import("@azure/arm-network"),
    import("@azure/arm-resources"),
    openCredential(env),
  ]);
  const credential: TokenCredential = {
    getToken: async (scopes, options) => {
      const token = await inner.getToken(scopes, options);
      if (token) onToken(token.token);
      return token;
    },
  };
  const options = { endpoint, credentials: { scopes: [`${audience}/.default`] }, retryOptions: { maxRetries: 0 } };
  return {
    compute: new compute.ComputeManagementClient(credential, subscription, options),
    network: new network.NetworkManagementClient(credential, subscription, options),
    resources: new resources.ResourceManagementClient(credential, subscription, options),
  };
}

/** Hosts whose metadata the library knows; any other is taken at its word, as a private cloud's must be. */
const knownAuthorities =
  /^https:\/\/login\.(microsoftonline\.com|microsoftonline\.us|partner\.microsoftonline\.cn)\/?$/;

async function openCredential(env: ProviderContext["env"]): Promise<TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await import("@azure/identity");
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret } = env;
  const authorityHost = env["AZURE_AUTHORITY_HOST"];
  const options = {
    retryOptions: { maxRetries: 0 },
    ...(authorityHost ? { authorityHost } : {}),
    disableInstanceDiscovery: authorityHost !== undefined && !knownAuthorities.test(authorityHost),
  };
  if (tenant && client && secret) return new ClientSecretCredential(tenant, client, secret, options);
  return new DefaultAzureCredential(options);
}
