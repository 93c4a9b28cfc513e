import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { BeltEvent } from "../../src/cluster/events.ts";
import { type Outside, outside } from "./outside.ts";
import { temporaryFolder } from "./temporary.ts";

/** How a run of belt ended. */
export interface Ended {
  /** `null` if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout that are JSON objects: the events of a command with `--json`. */
  readonly events: readonly BeltEvent[];
  readonly durationMs: number;
}

/** A run of belt that is under way. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves at the first event that is meant, also if it came before. Rejects if the run ends without it. */
  event(meant: (event: BeltEvent) => boolean): Promise<BeltEvent>;
  /** Ends it as a power cut would. */
  kill(): void;
  signal(name: NodeJS.Signals): void;
  /** Presses Ctrl-C. */
  interrupt(): void;
}

/** One cluster on real machines with a folder of its own, and belt as a process beside it. */
export interface Rig extends AsyncDisposable {
  readonly name: string;
  /** The cluster's folder in the home. */
  readonly state: string;
  belt(...words: readonly string[]): Promise<Ended>;
  start(...words: readonly string[]): Running;
  /** `belt up --yes --json` on the cluster file. */
  up(): Promise<Ended>;
  /** Writes the cluster file anew: its lines from the provider on. */
  describe(text: string): Promise<void>;
  /** A machine from outside. */
  machine(name: string): Promise<Outside>;
  /** The machines as `belt ls --json` lists them. */
  list(): Promise<readonly Listed[]>;
  /** The folder in which the provider keeps the cluster. */
  folder(): Promise<string>;
}

/** A machine in the listing, as far as tests look at it. */
export interface Listed {
  readonly name: string;
  readonly id: string;
  readonly state: string;
  readonly image: string;
  readonly privateAddress: string;
  readonly node: { readonly id: string; readonly status: string; readonly engineVersion: string } | null;
}

/** The program under test, from its sources. */
export const entry = path.resolve(import.meta.dirname, "../../src/bin.ts");

/** A cluster of one manager, `mg1`, and as many workers `node1`, `node2`, … on the default image, with the engine in it. */
export function managersAndWorkers(workers: number): string {
  const range = workers === 1 ? "node1" : `"node[1:${workers}]"`;
  return `groups:\n  managers: { role: manager, machines: mg1 }\n  workers: { role: worker, machines: ${range} }\n`;
}

/** Opens a rig on belt, or on another program with its command line; nothing is made before the first command. Disposing takes the cluster down and says so if something stays. */
export async function openRig(name: string, text: string, program = entry): Promise<Rig> {
  const folder = await temporaryFolder();
  const describe = (rest: string): Promise<void> =>
    writeFile(path.join(folder.path, "cluster.yml"), `version: 1\nname: ${name}\nprovider: local\n${rest}`);
  await describe(text);
  await mkdir(path.join(folder.path, ".belt")); // so that no folder above is taken for the home
  const state = path.join(folder.path, ".belt", name);
  const started: Running[] = [];
  const start = (...words: readonly string[]): Running => {
    const running = startBelt(folder.path, words, { program });
    started.push(running);
    return running;
  };
  const belt = (...words: readonly string[]): Promise<Ended> => start(...words).ended;
  const list = async (): Promise<readonly Listed[]> =>
    JSON.parse((await belt("ls", "--cluster", name, "--json")).stdout).machines;
  return {
    ...{ name, state, belt, start, describe, list },
    up: () => belt("up", "--yes", "--json"),
    machine: async (machine) => {
      const record = path.join(providerFolder(await clusterId(state)), "machines", machine, "machine.json");
      return outside(JSON.parse(await readFile(record, "utf8")));
    },
    folder: async () => providerFolder(await clusterId(state)),
    [Symbol.asyncDispose]: async () => {
      for (const { kill, ended } of started) {
        kill(); // a test that failed may have left it running
        await ended;
      }
      if (existsSync(path.join(state, "journal"))) await takeDown(name, state, belt);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Proves, as the host sees it, that nothing is left of a cluster that was taken down. */
async function takeDown(name: string, state: string, belt: Rig["belt"]): Promise<void> {
  const id = await clusterId(state);
  const down = await belt("down", name, "--yes");
  if (down.code !== 0) throw new Error(`belt down ended with ${down.code}: ${down.stderr}`);
  for (const left of [providerFolder(id), path.join(state, "journal"), path.join(state, "keys")])
    if (existsSync(left)) throw new Error(`${left} was left behind`);
}

/** Where the local provider keeps a cluster. */
function providerFolder(id: string): string {
  const { BELT_LOCAL_ROOT: root = "/var/lib/beltkit" } = process.env;
  return path.join(root, "clusters", id);
}

async function clusterId(state: string): Promise<string> {
  const [first = ""] = (await readFile(path.join(state, "journal"), "utf8")).split("\n");
  return JSON.parse(first).id;
}

/** What a run of belt gets from its surroundings. */
interface Given {
  /** What stands on its standard input. */
  readonly input?: string;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program, where it is not the one from these sources. */
  readonly program?: string;
}

/** Starts belt as a user would, with no terminal. */
export function startBelt(cwd: string, words: readonly string[], given: Given = {}): Running {
  const from = performance.now();
  const { BELT_HOME: _, ...own } = process.env;
  const { input = "", env, program = entry } = given;
  const child = spawn(process.execPath, [program, ...words], {
    ...{ cwd, env: { ...own, ...env } },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}); // belt may end without reading it
  child.stdin.end(input);
  const lines: string[] = [];
  const events: BeltEvent[] = [];
  const waiting = new Set<() => void>();
  const errors: Buffer[] = [];
  createInterface(child.stdout).on("line", (line) => {
    lines.push(line);
    if (line.startsWith('{"version"')) events.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const [stdout, stderr] = [lines.join("\n"), Buffer.concat(errors).toString()];
      resolve({ code, stdout, stderr, events, durationMs: performance.now() - from });
    });
  });
  const event: Running["event"] = (meant) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find(meant);
        if (found) resolve(found);
      };
      waiting.add(look);
      look();
      ended.then(({ stderr }) => reject(new Error(`belt ended without the event: ${stderr}`)), reject);
    });
  return {
    ended,
    event,
    signal: (name) => child.kill(name),
    kill: () => child.kill("SIGKILL"),
    interrupt: () => child.kill("SIGINT"),
  };
}

/** Runs a line of bash in a folder, with `belt` as a command. */
export async function runShell(cwd: string, line: string): Promise<{ code: number | null; output: string }> {
  const script = `belt() { "${process.execPath}" "${entry}" "$@"; }\n${line}`;
  const child = spawn("bash", ["-c", script], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, "close");
  return { code, output: Buffer.concat(chunks).toString() };
}

/** Whether an event is the start of a phase on a machine. */
export function starts(phase: string, machine: string): (event: BeltEvent) => boolean {
  return (event) => event.event === "phase-started" && event.phase === phase && event.machine === machine;
}

/** Whether an event is the end of a phase on a machine. */
export function finishes(phase: string, machine: string): (event: BeltEvent) => boolean {
  return (event) => event.event === "phase-finished" && event.phase === phase && event.machine === machine;
}

/** The failures that a run told, each as `machine phase code`. */
export function failuresOf({ events }: Ended): readonly string[] {
  return events.flatMap((event) =>
    event.event === "phase-failed" ? [`${event.machine} ${event.phase} ${event.code}`] : [],
  );
}

/** How a run with `--json` says that it ended: `partial: node1`. */
export function endingOf({ events }: Ended): string {
  const last = events.at(-1);
  return last?.event === "finished" ? [last.outcome, ...last.failed].join(" ") : "without an ending";
}
