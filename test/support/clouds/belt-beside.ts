import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { JournalRecord } from "../../../src/cluster/journal-records.ts";
import { type Ended, type Listed, type Running, startBelt } from "../rig.ts";
import { temporaryFolder } from "../temporary.ts";

/** Nobody's address: the firewall of a test lets it in, and nothing stands behind it. */
export const operator = "203.0.113.7/32";

/** A cluster file at a cloud, in its parts. */
export interface CloudFile {
  readonly name: string;
  readonly provider: string;
  /** The lines of the provider's block. */
  readonly block: readonly string[];
  /** The rest, from its groups on. */
  readonly text: string;
}

/** Belt as a process in a folder of its own, beside a fake cloud that it takes for the real one. */
export interface BeltBeside extends AsyncDisposable {
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
  /** Writes the cluster file anew, from its groups on. */
  describe(text: string): Promise<void>;
  /** The machines as `belt ls --json` lists them. */
  list(): Promise<readonly Listed[]>;
  journal(): Promise<readonly JournalRecord[]>;
}

/** Opens a folder with a cluster file; nothing runs before the first command. Disposing ends what still runs. */
export async function openBeltBeside(file: CloudFile, variables: BeltBeside["variables"]): Promise<BeltBeside> {
  const { name, text } = file;
  const folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt")); // so that no folder above is taken for the home
  const describe = (rest: string): Promise<void> =>
    writeFile(path.join(folder.path, "cluster.yml"), fileOf({ ...file, text: rest }));
  await describe(text);
  const state = path.join(folder.path, ".belt", name);
  const started: Running[] = [];
  const start = (...words: readonly string[]): Running => {
    const running = startBelt(folder.path, words, { env: variables });
    started.push(running);
    return running;
  };
  const belt = (...words: readonly string[]): Promise<Ended> => start(...words).ended;
  return {
    ...{ folder: folder.path, state, variables, start, belt, describe },
    up: () => belt("up", "--yes", "--json"),
    list: async () => JSON.parse((await belt("ls", "--cluster", name, "--json")).stdout).machines,
    journal: async () => recordsIn(await readFile(path.join(state, "journal"), "utf8")),
    [Symbol.asyncDispose]: async () => {
      for (const { kill, ended } of started) {
        kill(); // a test that failed may have left it running
        await ended;
      }
      await folder[Symbol.asyncDispose]();
    },
  };
}

function fileOf({ name, provider, block, text }: CloudFile): string {
  const lines = [
    ...["version: 1", `name: ${name}`, `provider: ${provider}`],
    ...(block.length === 0 ? [] : [`${provider}:`, ...block.map((line) => `  ${line}`)]),
    `firewall: { operators: ["${operator}"] }`,
  ];
  return `${lines.join("\n")}\n${text}`;
}

function recordsIn(text: string): readonly JournalRecord[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
