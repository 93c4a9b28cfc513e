import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JournalRecord } from "../../../../src/cluster/journal-records.ts";
import { systemClock } from "../../../../src/util/clock.ts";
import { type Outside, outside } from "../../outside.ts";
import { type Ended, type Listed, type Running, startBelt } from "../../rig.ts";
import { temporaryFolder } from "../../temporary.ts";
import { type LocalHosts, openLocalHosts } from "../local-hosts.ts";
import type { Left } from "./account.ts";
import { type DigitalOceanOptions, type FakeDigitalOcean, goodToken, startDigitalOcean } from "./fake-digitalocean.ts";

/** Nobody's address: the firewall of a test lets it in, and nothing stands behind it. */
export const operator = "203.0.113.7/32";

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
export interface DropletRig extends AsyncDisposable {
  readonly cloud: FakeDigitalOcean;
  readonly hosts: LocalHosts;
  /** Where belt runs, with `cluster.yml` in it. */
  readonly folder: string;
  /** The cluster's folder in the home. */
  readonly state: string;
  /** What belt finds in its environment. */
  readonly variables: Readonly<Record<string, string>>;
  belt(...words: readonly string[]): Promise<Ended>;
  start(...words: readonly string[]): Running;
  /** `belt up --yes --json`. */
  up(): Promise<Ended>;
  describe(text: string): Promise<void>;
  /** The machine behind a droplet, from outside. */
  machine(name: string): Outside;
  /** The machines as `belt ls --json` lists them. */
  list(): Promise<readonly Listed[]>;
  journal(): Promise<readonly JournalRecord[]>;
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
  const folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt")); // so that no folder above is taken for the home
  const describe = (rest: string): Promise<void> =>
    writeFile(path.join(folder.path, "cluster.yml"), fileOf(name, block, rest));
  await describe(text);
  const state = path.join(folder.path, ".belt", name);
  const variables = { DIGITALOCEAN_ACCESS_TOKEN: goodToken, BELT_DIGITALOCEAN_ENDPOINT: cloud.url, ...env };
  const started: Running[] = [];
  const start = (...words: readonly string[]): Running => {
    const running = startBelt(folder.path, words, { env: variables });
    started.push(running);
    return running;
  };
  const belt = (...words: readonly string[]): Promise<Ended> => start(...words).ended;
  return {
    ...{ cloud, hosts, folder: folder.path, state, variables, start, belt, describe },
    up: () => belt("up", "--yes", "--json"),
    machine: (droplet) => outside(behind({ cloud, hosts }, droplet)),
    list: async () => JSON.parse((await belt("ls", "--cluster", name, "--json")).stdout).machines,
    journal: async () => recordsIn(await readFile(path.join(state, "journal"), "utf8")),
    made: () => namesAccepted(cloud),
    [Symbol.asyncDispose]: async () => {
      for (const { kill, ended } of started) {
        kill(); // a test that failed may have left it running
        await ended;
      }
      await cloud[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function fileOf(name: string, block: readonly string[], rest: string): string {
  const lines = [
    ...["version: 1", `name: ${name}`, "provider: digitalocean"],
    ...(block.length === 0 ? [] : ["digitalocean:", ...block.map((line) => `  ${line}`)]),
    `firewall: { operators: ["${operator}"] }`,
  ];
  return `${lines.join("\n")}\n${rest}`;
}

function behind({ cloud, hosts }: Pick<DropletRig, "cloud" | "hosts">, name: string) {
  const droplet = [...cloud.account.droplets.values()].find((one) => one.name === name && !one.deleted);
  const machine = droplet && hosts.machine(String(droplet.id));
  if (!machine) throw new Error(`there is no machine behind a droplet ${name}`);
  return { id: machine.id, name };
}

function recordsIn(text: string): readonly JournalRecord[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function namesAccepted({ ledger }: FakeDigitalOcean): readonly string[] {
  return ledger.calls("POST /v2/droplets").flatMap(({ call, reply }) => {
    const { body } = call;
    const names = typeof body === "object" && body !== null && "names" in body ? body.names : [];
    return reply?.status === 202 && Array.isArray(names) ? names.map(String) : [];
  });
}
