import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BeltEvent } from "../../src/cluster/events.ts";
import { loadSpec } from "../../src/cluster/load-spec.ts";
import { openDescribed } from "../../src/cluster/open-cluster.ts";
import type { Cluster, Outcome } from "../../src/cluster/types.ts";
import { testDependencies } from "./dependencies.ts";
import { temporaryFolder } from "./temporary.ts";
import { worldConnect } from "./world/host.ts";
import { type WorldTraits, worldProvider } from "./world/provider.ts";
import { changeWorld, readWorld, type World } from "./world/state.ts";

/** The library in this process, on a world that is a folder in place of providers and SSH. */
export interface InWorld extends AsyncDisposable {
  readonly events: readonly BeltEvent[];
  /** Opens the cluster of the file as it is now, for one piece of work. */
  with<T>(work: (cluster: Cluster) => Promise<T>): Promise<T>;
  up(allowRemove?: boolean): Promise<Outcome>;
  world(): World;
  change(change: (world: World) => Partial<World>): void;
  /** What took effect since this was asked last, in order. */
  news(): readonly string[];
  /** Is told of each call from now on, once it is answered. */
  watch(told: (call: string) => void): void;
  file(): Promise<string>;
  /** Writes the file anew, with these lines. */
  describe(groups: string, engine?: string): Promise<void>;
}

const signal = new AbortController().signal;

/** Opens a world with a cluster file of these lines; nothing is made before the first change. */
export async function openInWorld(groups: string, traits: WorldTraits = {}): Promise<InWorld> {
  const folder = await temporaryFolder();
  const file = path.join(folder.path, "cluster.yml");
  const describe = (text: string, engine = ""): Promise<void> =>
    writeFile(
      file,
      `version: 1\nname: sweep\nprovider: world\nengine: { install: never, api: "off"${engine} }\n${text}`,
    );
  await describe(groups);
  let watcher: (call: string) => void = () => {};
  const deps = testDependencies(folder.path, {
    random: () => 0.5,
    providers: { world: async () => worldProvider(folder.path, traits) },
    connect: worldConnect(folder.path, {
      now: Date.now,
      watch: (moment, call) => moment === "after" && watcher(call),
    }),
  });
  const source = { kind: "file", path: file } as const;
  const withCluster: InWorld["with"] = async (work) => {
    const home = { path: path.join(folder.path, ".belt") };
    await using cluster = await openDescribed(home, { spec: await loadSpec(source, [], deps), source }, deps);
    return await work(cluster);
  };
  let told = 0;
  return {
    events: deps.events,
    with: withCluster,
    up: (allowRemove = false) => withCluster((cluster) => cluster.up({ ...accepting, allowRemove }, signal)),
    world: () => readWorld(folder.path),
    change: (change) => changeWorld(folder.path, change),
    news: () => {
      const { ledger } = readWorld(folder.path);
      const news = ledger.slice(told);
      told = ledger.length;
      return news;
    },
    watch: (told) => {
      watcher = told;
    },
    file: () => readFile(file, "utf8"),
    describe,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What who types `--yes` has agreed to. */
export const accepting = { acceptNoSpare: true, acceptPause: true, moveLocalVolumes: false, force: false };

/** The groups of so many managers and workers. */
export function groupsOf(managers: string, workers: string): string {
  return `groups:\n  managers: { role: manager, machines: "${managers}" }\n  workers: { role: worker, machines: "${workers}" }\n`;
}
