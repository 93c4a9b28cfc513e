import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { azure } from "../../src/providers/azure/index.ts";
import type { Machine, Provider, ProviderContext } from "../../src/providers/provider.ts";
import type { Clock } from "../../src/util/clock.ts";
import { runProcess } from "../../src/util/processes.ts";
import { signal } from "./cloud-requests.ts";
import { type AzureOptions, type FakeAzure, startAzure } from "./clouds/azure/fake-azure.ts";
import { type NetworkClock, openNetworkClock } from "./clouds/network-clock.ts";

/** A provider of machines in a fake Azure, in virtual time. */
export interface AzureRig extends AsyncDisposable {
  readonly fake: FakeAzure;
  readonly network: NetworkClock;
  readonly provider: Provider;
  /** Another opening of the provider, as another run of the command has it. */
  reopen(env?: Readonly<Record<string, string>>): Promise<Provider>;
  /** Runs time forward until the work is done. */
  run<T>(work: Promise<T>): Promise<T>;
}

/** The cluster that providers are opened for. */
const cluster: ProviderContext["cluster"] = {
  ...{ name: "shop", folder: "/nowhere", options: {}, hosts: [], hostKeys: async () => [] },
  connect: async () => {
    throw new Error("nobody answers on paper");
  },
};

/** What a test changes about the rig. */
export interface AzureRigOptions extends Partial<Omit<AzureOptions, "clock">> {
  readonly env?: Readonly<Record<string, string>>;
}

/** Opens a fake Azure and a provider on it. */
export async function openAzureRig({ env, ...options }: AzureRigOptions = {}): Promise<AzureRig> {
  const network = openNetworkClock();
  const fake = await startAzure({ clock: network.clock, ...options });
  trust(fake);
  network.watch(fake);
  await loadSdk(fake, network.clock);
  const reopen = (more = env) => openAzureOn(fake, network.clock, { env: more, cluster });
  return {
    ...{ fake, network, provider: await reopen(), reopen },
    run: (work) => network.clock.runUntil(work),
    [Symbol.asyncDispose]: async () => {
      await fake[Symbol.asyncDispose]();
      network[Symbol.dispose]();
    },
  };
}

/** Lets this process trust the certificates of a fake, as NODE_EXTRA_CA_CERTS lets another one. */
export function trust({ caPem }: Pick<FakeAzure, "caPem">): void {
  setDefaultCACertificates([...getCACertificates("bundled"), caPem]);
}

/** Reading the SDK from the disk takes no virtual time, so it is done before. */
async function loadSdk(fake: FakeAzure, clock: Clock): Promise<void> {
  await (await openAzureOn(fake, clock)).list("nobody", signal);
  fake.ledger.clear();
}

/** Opens the provider on a fake Azure. */
export async function openAzureOn(
  fake: Pick<FakeAzure, "env">,
  clock: Clock,
  { env, cluster }: { env?: Readonly<Record<string, string>> | undefined; cluster?: ProviderContext["cluster"] } = {},
): Promise<Provider> {
  return await azure.open({
    ...{ clock, random: () => 0.5, run: runProcess, uid: 0, platform: "linux" },
    ...(cluster ? { cluster } : {}),
    env: { ...fake.env, ...env },
  });
}

/** Lists until every machine is what is asked for, at the provider's own pace. */
export async function untilAll(
  { provider, network }: Pick<AzureRig, "provider" | "network">,
  count: number,
  isSo: (machine: Machine) => boolean,
): Promise<readonly Machine[]> {
  for (let tries = 0; tries < 120; tries += 1) {
    const machines = await provider.list("c1", signal);
    if (machines.length === count && machines.every(isSo)) return machines;
    await network.clock.sleep(azure.pace.pollMs, signal);
  }
  throw new Error(`${count} machines were not to be seen so`);
}
