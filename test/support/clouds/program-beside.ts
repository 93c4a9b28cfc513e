import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { main } from "../../../src/cli/main.ts";
import { realLibrary } from "../../../src/cli/real-library.ts";
import type { JournalRecord } from "../../../src/cluster/journal-records.ts";
import { providers } from "../../../src/providers/registry.ts";
import type { Connect } from "../../../src/ssh/connection.ts";
import type { Clock } from "../../../src/util/clock.ts";
import { runProcess } from "../../../src/util/processes.ts";
import { Captured, fakeIo, type Run } from "../../cli/fakes.ts";
import { passing } from "../many-machines.ts";
import { temporaryFolder } from "../temporary.ts";
import { type NetworkClock, openNetworkClock } from "./network-clock.ts";

/** The whole program in this process, on virtual time, beside a fake cloud with nothing behind its machines. */
export interface ProgramBeside<Cloud = unknown> extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly network: NetworkClock;
  readonly folder: string;
  /** What belt finds in its environment; a test may change it. */
  readonly env: Record<string, string>;
  /** Runs belt to its end, letting time pass. The folder is called `/home/me` in what it printed. */
  belt(...words: readonly string[]): Promise<Run>;
  journal(): Promise<readonly JournalRecord[]>;
}

/** A fake cloud, as far as the program's clock looks at it. */
interface Waiting extends AsyncDisposable {
  readonly waiting: () => number;
}

/** What the program runs beside. */
interface Beside<Cloud> {
  readonly cloud: Cloud;
  readonly provider: string;
  /** The cluster file from after its provider on. */
  readonly text: string;
  readonly env: Readonly<Record<string, string>>;
  readonly connect: Connect;
}

/** Opens a folder with a cluster `shop`; `open` starts the cloud on the clock that it is given. */
export async function openProgramBeside<Cloud extends Waiting>(
  open: (clock: Clock) => Promise<Beside<Cloud>>,
): Promise<ProgramBeside<Cloud>> {
  const network = openNetworkClock();
  const { provider, text, connect, cloud, ...beside } = await open(network.clock);
  network.watch(cloud);
  const folder = await temporaryFolder();
  await mkdir(path.join(folder.path, ".belt"));
  const head = `version: 1\nname: shop\nprovider: ${provider}\nfirewall: { operators: [203.0.113.7/32] }\n`;
  await writeFile(path.join(folder.path, "cluster.yml"), `${head}${text}`);
  const env = { ...beside.env };
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

/** What a run printed, without times and requests' ids, which depend on the disk, as the order of those that get ready at once does. */
export function printedBy({ code, stderr }: Run): string {
  const [ready = [], others = []] = [true, false].map((isReady) =>
    stderr.split("\n").filter((line) => / ready after /.test(line) === isReady),
  );
  const readied = ready.map((line) => line.replace(/after .*/, "after …")).sort();
  const lines = [...others.slice(0, 1), ...readied, ...others.slice(1)];
  return `exit code ${code}\n${lines
    .join("\n")
    .replaceAll(/in \d+ minutes/g, "in … minutes")
    .replaceAll(/request [0-9a-f-]{36}/g, "request …")
    .replaceAll(/-[0-9a-f]{32}\b/g, "-…")}`;
}
