import type { ProviderContext } from "../provider.ts";
import type { Ec2 } from "./client.ts";

/** Where the SDK finds who is calling, and whom. */
export interface SdkSettings {
  /** As the cluster file says; the SDK's own search otherwise. */
  readonly region: string | undefined;
  readonly profile: string | undefined;
  readonly endpoint: string | undefined;
  readonly env: ProviderContext["env"];
}

/**
 * Makes the SDK's client. Calls are tried again by ours, so the SDK does not, and never for capacity. Where nothing is said,
 * the SDK looks as it always does: environment, profiles, SSO, and the roles of the host that it runs on.
 */
export async function loadSdk({ region, profile, endpoint, env }: SdkSettings): Promise<Ec2> {
  const { EC2 } = await import("@aws-sdk/client-ec2");
  const wantedRegion = region ?? given(env["AWS_REGION"]) ?? given(env["AWS_DEFAULT_REGION"]);
  const credentials = profile === undefined ? keysIn(env) : undefined;
  return new EC2({
    maxAttempts: 1,
    ...(wantedRegion === undefined ? {} : { region: wantedRegion }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** The keys of the environment, unless it names a profile, which counts more, as everywhere with the SDK. */
function keysIn(env: ProviderContext["env"]) {
  const [id, secret, token] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]].map(
    given,
  );
  if (id === undefined || secret === undefined || given(env["AWS_PROFILE"]) !== undefined) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, ...(token === undefined ? {} : { sessionToken: token }) };
}

function given(value: string | undefined): string | undefined {
  const text = value?.trim() ?? "";
  return text === "" ? undefined : text;
}
