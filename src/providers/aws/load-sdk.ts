import { z } from "zod";
import type { ProviderContext } from "../provider.ts";
import type { Ec2 } from "./client.ts";
import { ForeignReply } from "./sdk-errors.ts";

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
  const ec2 = new EC2({
    maxAttempts: 1,
    ...(wantedRegion === undefined ? {} : { region: wantedRegion }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  refuseForeignReplies(ec2);
  return ec2;
}

/**
 * The SDK reads any page as a reply in which nothing stands: that of a proxy that wants a sign-in would be a cluster without
 * machines. EC2 answers in XML and says so.
 */
function refuseForeignReplies({ middlewareStack }: Ec2): void {
  middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { data } = okReply.safeParse(result);
      if (data && !/xml/i.test(data.response.headers["content-type"] ?? ""))
        throw new ForeignReply(`it is no XML of EC2's (status ${data.response.statusCode})`);
      return result;
    },
    { step: "deserialize", priority: "low", name: "beltkitForeignReplies" },
  );
}

const okReply = z.object({
  response: z.object({ statusCode: z.int().max(299), headers: z.record(z.string(), z.string()) }),
});

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
