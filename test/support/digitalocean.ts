import { digitalocean } from "../../src/providers/digitalocean/index.ts";
import type {
  CreateOutcome,
  KeyPair,
  Machine,
  MachineRequest,
  Provider,
  ProviderSpec,
} from "../../src/providers/provider.ts";
import { generateKeyPair } from "../../src/ssh/keys.ts";
import type { Clock } from "../../src/util/clock.ts";
import { runProcess } from "../../src/util/processes.ts";
import {
  type DigitalOceanOptions,
  type FakeDigitalOcean,
  goodToken,
  startDigitalOcean,
} from "./clouds/digitalocean/fake-digitalocean.ts";
import { type NetworkClock, openNetworkClock } from "./clouds/network-clock.ts";
import { aProviderSpec, plannedFrom } from "./provider-spec.ts";
import { aMachine } from "./world.ts";

/** The key that logs in to every droplet of a test, and the host key that they show. */
export const [operatorKey, hostKey]: readonly [KeyPair, KeyPair] = [
  generateKeyPair("operator"),
  generateKeyPair("host"),
];

/** Never aborts. */
export const { signal } = new AbortController();

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

/** A request for a droplet of the cluster `c1`. */
export function aDropletRequest(name: string, change: Partial<MachineRequest> = {}): MachineRequest {
  return {
    ...{ name, group: "workers", clusterId: "c1", clusterName: "shop", size: undefined, hostKey, specHash: "5bec" },
    ...{ authorizedKeys: [operatorKey.publicKey], options: {} },
    ...change,
  };
}

/** What the provider is told about these requests before. */
export function specOf(requests: readonly MachineRequest[], change: Partial<ProviderSpec> = {}): ProviderSpec {
  const more = requests[0] ? { clusterId: requests[0].clusterId, clusterName: requests[0].clusterName } : {};
  return aProviderSpec(requests.map(plannedFrom), {
    ...more,
    authorizedKeys: async () => [operatorKey.publicKey],
    ...change,
  });
}

/** The machines of outcomes that are all good. */
export function machinesIn(outcomes: readonly CreateOutcome[]): readonly Machine[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw outcome.error;
    return outcome.machine;
  });
}

/** So many requests: `node1` and on. */
export function someRequests(count: number, change: Partial<MachineRequest> = {}): readonly MachineRequest[] {
  return Array.from({ length: count }, (_, index) => aDropletRequest(`node${index + 1}`, change));
}
