import { randomBytes, randomInt } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { hostCgroups, killCgroup } from "../../../src/providers/local/cgroup.ts";
import { type Host, openHost } from "../../../src/providers/local/host.ts";
import { local } from "../../../src/providers/local/index.ts";
import { imageFolder, machineFolder } from "../../../src/providers/local/layout.ts";
import type { Machine, Provider } from "../../../src/providers/provider.ts";
import { generateKeyPair } from "../../../src/ssh/keys.ts";
import { localContext } from "../local.ts";
import { temporaryFolder } from "../temporary.ts";
import { ensureCloudImage } from "./cloud-image.ts";
import type { CloudAddresses, CloudHosts, CloudMachine } from "./hosts.ts";
import { mapPublicAddress, removeRules, shieldNetwork, unmapPublicAddress } from "./world-side.ts";

/** Real machines of this host behind a fake cloud's. */
export interface LocalHosts extends CloudHosts {
  /** Where the machines' files are. */
  readonly root: string;
  /** A machine as the host that runs it knows it; `undefined` if there is none behind this id. */
  machine(id: string): Machine | undefined;
  /** The words by which anything of these machines on this host is known. */
  words(): readonly string[];
}

interface Behind {
  readonly machine: Machine;
  readonly addresses: CloudAddresses;
}

interface State {
  readonly host: Host;
  readonly provider: Provider;
  /** Unique on this host: fakes count their ids from the same number each. */
  readonly name: string;
  readonly behind: Map<string, Behind>;
  readonly bridges: Set<string>;
  readonly signal: AbortSignal;
}

/**
 * Opens machines for a fake cloud: the local provider's own, in a root folder of their own, whose user data goes through
 * cloud-init. Each knows its private address only; the public one is mapped onto it outside. Needs root, the local provider's
 * packages and its images `debian-13` and, for droplets of the Docker image, `debian-13-docker`. Disposing leaves nothing.
 */
export async function openLocalHosts(): Promise<LocalHosts> {
  const signal = new AbortController().signal;
  const folder = await temporaryFolder();
  const root = path.join(folder.path, "root");
  await linkImages(root, signal);
  const context = localContext({ ...process.env, BELT_LOCAL_ROOT: root });
  const name = `cloud-${randomBytes(4).toString("hex")}`;
  const [host, provider] = [openHost(context), await local.open(context)];
  const state: State = { host, provider, name, behind: new Map(), bridges: new Set(), signal };
  const second = randomInt(64, 192);
  return {
    root,
    rangeOf: (index) => `10.${second}.${index * 16}.0/20`,
    start: (machine, userData) => start(state, machine, userData),
    restart: async (id) => {
      const { machine } = mustFind(state, id);
      await provider.power?.start(machine, signal);
    },
    stop: async (id, how) => {
      const { machine } = mustFind(state, id);
      if (how === "orderly") await provider.power?.stop(machine, signal);
      else await killCgroup(host, await hostCgroups(), machine.id, signal);
    },
    remove: (id) => remove(state, id),
    addresses: (id) => state.behind.get(id)?.addresses,
    machine: (id) => state.behind.get(id)?.machine,
    words: () => [name, folder.path, ...state.bridges],
    [Symbol.asyncDispose]: async () => {
      for (const id of [...state.behind.keys()]) await remove(state, id);
      await provider[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The names of images that the provider knows, and what they stand for in a root of clouds: two of them are cloud layers on the others. */
const slots = { plain: "debian-12", engine: "debian-12-docker" } as const;

async function linkImages(root: string, signal: AbortSignal): Promise<void> {
  const host = openHost(localContext());
  const folder = (name: string): string => imageFolder(root, name);
  await mkdir(path.dirname(folder("any")), { recursive: true });
  const plain = await ensureCloudImage(host, ["debian-13"], signal);
  const engine = await ensureCloudImage(host, ["debian-13-docker", "debian-13"], signal);
  for (const base of engine.bases) await symlink(imageFolder(host.store.root, base), folder(base));
  await symlink(plain.folder, folder(slots.plain));
  await symlink(engine.folder, folder(slots.engine));
}

async function start(state: State, machine: CloudMachine, userData: string | undefined): Promise<void> {
  const { host, provider, signal } = state;
  const clusterId = `${state.name}-${machine.network.id}`;
  const name = `machine-${machine.id}`;
  // Before the machine is asked for, since it boots at once.
  await seed(machineFolder(host.store.root, { clusterId, name }), machine, userData);
  const image = machine.image.startsWith("docker") ? slots.engine : slots.plain;
  const [outcome] = await provider.create(
    [
      {
        ...{ name, clusterId, clusterName: state.name, group: "cloud", size: undefined, specHash: "" },
        // Keys are the cloud's business: what the provider writes is replaced by cloud-init, or was not written by a cloud.
        ...{ authorizedKeys: [], hostKey: generateKeyPair(name) },
        options: { image, subnet: machine.network.range },
      },
    ],
    signal,
  );
  if (outcome?.kind !== "accepted") throw outcome?.kind === "refused" ? outcome.error : new Error(`${name} is not new`);
  const { privateAddress = "" } = outcome.machine;
  const cluster = await host.store.readCluster(clusterId);
  const bridge = cluster?.bridge ?? "";
  state.bridges.add(bridge);
  const publicAddress = await host.locked(signal, async () => {
    await shieldNetwork(host, { id: `${clusterId}-shield`, bridge }, signal);
    if (!machine.hasPublicAddress) return undefined;
    return await mapPublicAddress(host, { id: `${clusterId}-${machine.id}`, privateAddress, bridge }, signal);
  });
  state.behind.set(machine.id, { machine: outcome.machine, addresses: { publicAddress, privateAddress } });
}

/** Source: cloud-init's reference of the NoCloud data source. */
async function seed(folder: string, machine: CloudMachine, userData = ""): Promise<void> {
  const seeds = path.join(folder, "upper/var/lib/cloud/seed/nocloud");
  await mkdir(seeds, { recursive: true });
  const metaData = {
    "instance-id": machine.id,
    "local-hostname": machine.name,
    "public-keys": machine.authorizedKeys,
    ...machine.metaData,
  };
  await writeFile(path.join(seeds, "meta-data"), JSON.stringify(metaData));
  await writeFile(path.join(seeds, "user-data"), userData, { mode: 0o600 });
  const configuration = path.join(folder, "upper/etc/cloud/cloud.cfg.d");
  await mkdir(configuration, { recursive: true });
  await writeFile(
    path.join(configuration, "90-cloud.cfg"),
    machine.user === undefined ? rootSettings : userSettings(machine.user),
  );
}

/**
 * As DigitalOcean's images are set up: root logs in with the account's keys, and there is no other user unless the user data
 * makes one. The network is the machine's own. Source: cloud-init's reference of base configuration.
 */
const rootSettings = `datasource_list: [NoCloud, None]
disable_root: false
manage_etc_hosts: true
users: []
network: { config: disabled }
`;

/** As the images of EC2 are set up: one user logs in with the key pair, and root does not. */
function userSettings(name: string): string {
  const user = { name, shell: "/bin/bash", sudo: ["ALL=(ALL) NOPASSWD:ALL"], lock_passwd: true };
  return `datasource_list: [NoCloud, None]
disable_root: true
manage_etc_hosts: true
users: [default]
system_info: { default_user: ${JSON.stringify(user)} }
network: { config: disabled }
`;
}

async function remove(state: State, id: string): Promise<void> {
  const { host, provider, signal, behind } = state;
  const found = behind.get(id);
  if (!found) return;
  const { machine, addresses } = found;
  const { clusterId } = machine;
  await host.locked(signal, async () => {
    if (addresses.publicAddress === undefined) return;
    const mapping = { id: `${clusterId}-${id}`, publicAddress: addresses.publicAddress };
    await unmapPublicAddress(host, mapping, signal);
  });
  const [outcome] = await provider.remove([machine], signal);
  if (outcome?.kind === "failed") throw outcome.error;
  behind.delete(id);
  await host.locked(signal, async () => {
    if (!(await host.store.readCluster(clusterId))) await removeRules(host, `${clusterId}-shield`, signal);
  });
}

function mustFind(state: State, id: string): Behind {
  const found = state.behind.get(id);
  if (!found) throw new Error(`there is no machine behind ${id}`);
  return found;
}
