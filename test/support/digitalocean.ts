import { digitalocean } from "../../src/providers/digitalocean/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { Clock } from "../../src/util/clock.ts";
import { runProcess } from "../../src/util/processes.ts";
import { signal } from "./cloud-requests.ts";
import {
  type DigitalOceanOptions,
  type FakeDigitalOcean,
  goodToken,
  startDigitalOcean,
} from "./clouds/digitalocean/fake-digitalocean.ts";
import { type NetworkClock, openNetworkClock } from "./clouds/network-clock.ts";
import { aMachine } from "./world.ts";

/** A provider of droplets in a fake cloud, in virtual time. */
export interface CloudRig extends AsyncDisposable {
  readonly fake: FakeDigitalOcean;
  readonly network: NetworkClock;
  readonly provider: Provider;
  /** Another opening of the provider, as another run of the command has it. */
  reopen(): Promise<Provider>;
  /** Runs time forward until the work is done. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** What a test changes about the rig. */
export interface RigOptions extends Partial<Omit<DigitalOceanOptions, "clock">> {
  readonly env?: Readonly<Record<string, string>>;
}

/** Opens a fake cloud and a provider on it. */
export async function openCloudRig({ env, ...options }: RigOptions = {}): Promise<CloudRig> {
  const network = openNetworkClock();
  const fake = await startDigitalOcean({ clock: network.clock, dropletLimit: 5000, ...options });
  network.watch(fake);
  await loadSdk(fake, network.clock);
  const reopen = () => openOn(fake, network.clock, env);
  return {
    ...{ fake, network, provider: await reopen(), reopen },
    run: (work) => network.clock.runUntil(work),
    [Symbol.asyncDispose]: async () => {
      await fake[Symbol.asyncDispose]();
      network[Symbol.dispose]();
    },
  };
}

/** Reading the SDK from the disk takes no virtual time, so it is done before: by a change that changes nothing. */
async function loadSdk(fake: FakeDigitalOcean, clock: Clock): Promise<void> {
  const provider = await openOn(fake, clock, { DIGITALOCEAN_ACCESS_TOKEN: "of-nobody" });
  await provider.remove([aMachine("nobody")], signal).catch(() => {});
  fake.ledger.clear();
}

/** Opens the provider on a fake cloud. */
export async function openOn(
  fake: { readonly url: string },
  clock: Clock,
  env: RigOptions["env"] = {},
): Promise<Provider> {
  return await digitalocean.open({
    ...{ clock, random: () => 0.5, run: runProcess, uid: 0, platform: "linux" },
    env: { DIGITALOCEAN_ACCESS_TOKEN: goodToken, BELT_DIGITALOCEAN_ENDPOINT: fake.url, ...env },
  });
}
