import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { main } from "../../../../src/cli/main.ts";
import { realLibrary } from "../../../../src/cli/real-library.ts";
import type { JournalRecord } from "../../../../src/cluster/journal-records.ts";
import { providers } from "../../../../src/providers/registry.ts";
import { runProcess } from "../../../../src/util/processes.ts";
import { Captured, fakeIo, type Run } from "../../../cli/fakes.ts";
import { passing } from "../../many-machines.ts";
import { temporaryFolder } from "../../temporary.ts";
import { type NetworkClock, openNetworkClock } from "../network-clock.ts";
import { type DigitalOceanOptions, type FakeDigitalOcean, goodToken, startDigitalOcean } from "./fake-digitalocean.ts";
import { paperMachines } from "./paper-machines.ts";

/** The whole program in this process, on virtual time, and a DigitalOcean with nothing behind its droplets. */
export interface ProgramRig extends AsyncDisposable {
  readonly cloud: FakeDigitalOcean;
  readonly network: NetworkClock;
  readonly folder: string;
  /** What belt finds in its environment; a test may change it. */
  readonly env: Record<string, string>;
  /** Runs belt to its end, letting time pass. The folder is called `/home/me` in what it printed. */
  belt(...words: readonly string[]): Promise<Run>;
  journal(): Promise<readonly JournalRecord[]>;
}

/** What a test says about the rig: the cluster file from its groups on, and the account. */
export interface ProgramRigOptions extends Partial<Omit<DigitalOceanOptions, "clock" | "hosts">> {
  readonly text: string;
}

/** Opens the rig with a cluster `shop`. */
export async function openProgramRig({ text, ...account }: ProgramRigOptions): Promise<ProgramRig> {
  const network = openNetworkClock();
  const cloud = await startDigitalOcean({ clock: network.clock, ...account });
  network.watch(cloud);
  const folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
  const head = `version: 1\nname: shop\nprovider: digitalocean\nfirewall: { operators: [203.0.113.7/32] }\n`;
  await writeFile(path.join(folder.path, "cluster.yml"), `${head}${text}`);
  const env = { DIGITALOCEAN_ACCESS_TOKEN: goodToken, BELT_DIGITALOCEAN_ENDPOINT: cloud.url };
  const connect = paperMachines(cloud);
  const { clock } = network;
  const surroundings = {
    ...{ clock, random: () => 0.5, env, uid: process.getuid?.() ?? -1, platform: "linux" as const, pid: process.pid },
    ...{ hostname: "desk", username: "me", cwd: folder.path, homeFolder: folder.path },
  };
  const library = realLibrary(surroundings, async () => ({ run: runProcess, providers, connect }));
  const belt = async (...words: readonly string[]): Promise<Run> => {
    const [stdout, stderr] = [new Captured(), new Captured()];
    const io = {
      ...fakeIo(stdout, stderr, { library, clock, env, host: { exists: async (file) => existsSync(file) } }),
      cwd: folder.path,
    };
    const code = await passing(clock, main(words, io));
    const [out, err] = [stdout.text, stderr.text].map((printed) => printed.replaceAll(folder.path, "/home/me"));
    return { code, stdout: out ?? "", stderr: err ?? "" };
  };
  return {
    ...{ cloud, network, folder: folder.path, env, belt },
    journal: async () => {
      const lines = (await readFile(path.join(folder.path, ".belt/shop/journal"), "utf8")).split("\n");
      return lines.slice(0, -1).map((line) => JSON.parse(line));
    },
    [Symbol.asyncDispose]: async () => {
      await cloud[Symbol.asyncDispose]();
      network[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
