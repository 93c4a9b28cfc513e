import { setTimeout as delay } from "node:timers/promises";
import { aws } from "../../src/providers/aws/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { Clock } from "../../src/util/clock.ts";
import { runProcess } from "../../src/util/processes.ts";
import { signal } from "./cloud-requests.ts";
import { type AwsFakeOptions, type FakeAws, goodKeys, startAws } from "./clouds/aws/fake-aws.ts";
import { type NetworkClock, openNetworkClock } from "./clouds/network-clock.ts";

/** A provider of instances in a fake EC2, in virtual time. */
export interface AwsRig extends AsyncDisposable {
  readonly fake: FakeAws;
  readonly network: NetworkClock;
  readonly provider: Provider;
  /** Another opening of the provider, as another run of the command has it. */
  reopen(): Promise<Provider>;
  /** Runs time forward until the work is done. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** What a test changes about the rig. */
export interface AwsRigOptions extends Partial<Omit<AwsFakeOptions, "clock">> {
  readonly env?: Readonly<Record<string, string>>;
}

/** Opens a fake EC2 and a provider on it. */
export async function openAwsRig({ env, ...options }: AwsRigOptions = {}): Promise<AwsRig> {
  const network = openNetworkClock();
  const fake = await startAws({ clock: network.clock, ...options });
  network.watch(fake);
  const reopen = async (): Promise<Provider> => {
    const provider = await openOn(fake, network.clock, env);
    // Reading the SDK and its settings from the disk takes no virtual time, so it is done before.
    const warm = provider.list("nobody", signal).catch(() => {});
    await Promise.race([warm, delay(2000)]);
    await network.clock.runUntil(warm); // one that cannot be reached is tried again, as time goes by
    fake.ledger.clear();
    return provider;
  };
  return {
    ...{ fake, network, provider: await reopen(), reopen },
    run: (work) => network.clock.runUntil(work),
    [Symbol.asyncDispose]: async () => {
      await fake[Symbol.asyncDispose]();
      network[Symbol.dispose]();
    },
  };
}

/** Opens the provider on a fake EC2. */
export async function openOn(
  fake: { readonly url: string },
  clock: Clock,
  env: AwsRigOptions["env"] = {},
): Promise<Provider> {
  const keys = { AWS_ACCESS_KEY_ID: goodKeys.id, AWS_SECRET_ACCESS_KEY: goodKeys.secret };
  return await aws.open({
    ...{ clock, random: () => 0.5, run: runProcess, uid: 0, platform: "linux" },
    env: { AWS_REGION: "us-east-1", ...keys, AWS_ENDPOINT_URL_EC2: fake.url, ...env },
  });
}
