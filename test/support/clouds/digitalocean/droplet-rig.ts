import { systemClock } from "../../../../src/util/clock.ts";
import { type Outside, outside } from "../../outside.ts";
import { type BeltBeside, openBeltBeside } from "../belt-beside.ts";
import { type LocalHosts, openLocalHosts } from "../local-hosts.ts";
import type { Left } from "./account.ts";
import { type DigitalOceanOptions, type FakeDigitalOcean, goodToken, startDigitalOcean } from "./fake-digitalocean.ts";

/** An account that is as it was before. */
export const nothingLeft: Left = { droplets: [], keys: [], tags: [], firewalls: [], vpcs: [] };

/** What a test changes about the rig. */
export interface DropletRigOptions extends Partial<Omit<DigitalOceanOptions, "clock" | "hosts">> {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster file, from its groups on. */
  readonly text: string;
  /** The lines of its `digitalocean` block; the marketplace image with an engine unless given. */
  readonly block?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A DigitalOcean with real machines behind its droplets, and belt as a process in a folder of its own that takes it for the real one. */
export interface DropletRig extends BeltBeside {
  readonly cloud: FakeDigitalOcean;
  readonly hosts: LocalHosts;
  /** The machine behind a droplet, from outside. */
  machine(name: string): Outside;
  /** The names of all droplets that were ever accepted, in their order. */
  made(): readonly string[];
}

/**
 * Opens the rig; nothing is made before the first command. Real time passes, and the cloud is quick. Disposing removes every
 * droplet, whatever became of it.
 */
export async function openDropletRig(options: DropletRigOptions): Promise<DropletRig> {
  const { name, text, block = ["image: docker", "size: 2gb"], env, timings, ...account } = options;
  const hosts = await openLocalHosts();
  const quick = { activeMs: 300, addressMs: 100, actionMs: 100, releasedMs: 100, firewallMs: 100 };
  const cloud = await startDigitalOcean({ ...account, clock: systemClock, hosts, timings: { ...quick, ...timings } });
  const variables = { DIGITALOCEAN_ACCESS_TOKEN: goodToken, BELT_DIGITALOCEAN_ENDPOINT: cloud.url, ...env };
  const beside = await openBeltBeside({ name, provider: "digitalocean", block, text }, variables);
  return {
    ...{ ...beside, cloud, hosts },
    machine: (droplet) => outside(behind({ cloud, hosts }, droplet)),
    made: () => namesAccepted(cloud),
    [Symbol.asyncDispose]: async () => {
      await beside[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    },
  };
}

function behind({ cloud, hosts }: Pick<DropletRig, "cloud" | "hosts">, name: string) {
  const droplet = [...cloud.account.droplets.values()].find((one) => one.name === name && !one.deleted);
  const machine = droplet && hosts.machine(String(droplet.id));
  if (!machine) throw new Error(`there is no machine behind a droplet ${name}`);
  return { id: machine.id, name };
}

function namesAccepted({ ledger }: FakeDigitalOcean): readonly string[] {
  return ledger.calls("POST /v2/droplets").flatMap(({ call, reply }) => {
    const { body } = call;
    const names = typeof body === "object" && body !== null && "names" in body ? body.names : [];
    return reply?.status === 202 && Array.isArray(names) ? names.map(String) : [];
  });
}
