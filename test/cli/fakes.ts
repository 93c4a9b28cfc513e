import { duplexPair, Readable, Writable } from "node:stream";
import type { Host, Io } from "../../src/cli/context.ts";
import { createInterrupts, type Interrupts } from "../../src/cli/interrupts.ts";
import type { Library } from "../../src/cli/library.ts";
import { main } from "../../src/cli/main.ts";
import type { Emit } from "../../src/cluster/events.ts";
import type { Cluster, Disturbances, MachineView, Observed, Outcome, Plan } from "../../src/cluster/types.ts";
import type { Clock } from "../../src/util/clock.ts";
import { FakeClock } from "../support/clock.ts";
import { aMachine, aMachineSpec, aSpec } from "../support/world.ts";

/** A stream that keeps what is written to it. */
export class Captured extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A plan that wants nobody's word. */
export const undisturbed: Disturbances = { actions: [], guard: { verdict: "allowed", reasons: [], offer: undefined } };

/** A plan of nothing. */
export const noChanges: Plan = {
  ...{ changes: [], findings: [], prices: [], swarmError: undefined, swarm: { kind: "none" } },
  disturbs: undisturbed,
};

/** What one run of a command line did. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a test says about the surroundings of a command. */
export interface Setting {
  readonly library?: Partial<Library>;
  readonly host?: Partial<Host>;
  readonly env?: Readonly<Record<string, string>>;
  /** The answers that are typed, in order; with them there is a terminal. */
  readonly answers?: readonly string[];
  readonly stdin?: string;
  readonly clock?: Clock;
  readonly interrupts?: Interrupts;
}

/** Runs a command line in this process against fakes. */
export async function belt(argv: readonly string[], setting: Setting = {}): Promise<Run> {
  const stdout = new Captured();
  const stderr = new Captured();
  const code = await main(argv, fakeIo(stdout, stderr, setting));
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Surroundings in memory. Without answers there is no terminal. */
export function fakeIo(stdout: Captured, stderr: Captured, setting: Setting): Io {
  const hasTerminal = setting.answers !== undefined;
  const answers = [...(setting.answers ?? [])];
  const interrupts = setting.interrupts ?? createInterrupts({ say: () => {}, exit: () => {} });
  const stdin = Readable.from(setting.stdin === undefined ? [] : [setting.stdin]);
  return {
    stdin,
    stdout,
    stderr,
    terminal: { stdin: hasTerminal, stdout: hasTerminal, stderr: hasTerminal },
    screen: undefined,
    env: { NO_COLOR: "1", ...setting.env },
    cwd: "/home/me",
    clock: setting.clock ?? new FakeClock(),
    streams: {
      stdin,
      stdout,
      stderr,
      size: () => undefined,
      onResize: () => () => {},
      setRawMode: () => {},
      term: "xterm",
    },
    interrupted: interrupts.signal,
    outputClosed: new AbortController().signal,
    holdInterrupts: () => interrupts.hold(),
    ask: async (question) => {
      stderr.write(`${question}\n`);
      return answers.shift();
    },
    askHidden: async (question) => {
      stderr.write(`${question}\n`);
      return answers.shift();
    },
    host: fakeHost(setting.host),
    library: fakeLibrary(setting.library),
    close: () => {},
  };
}

/** A host on which nothing is installed and nothing is there. */
export function fakeHost(change: Partial<Host> = {}): Host {
  return {
    uid: 0,
    platform: "linux",
    nodeVersion: "v24.0.0",
    memoryBytes: 4 * 1024 ** 3,
    beltVersion: async () => "1.2.3",
    findProgram: async () => undefined,
    runAttached: unscripted("runAttached"),
    runStreaming: unscripted("runStreaming"),
    serveSocket: unscripted("serveSocket"),
    writeFile: unscripted("writeFile"),
    makeFolder: unscripted("makeFolder"),
    readText: async () => undefined,
    exists: async () => false,
    freeBytes: async () => 100 * 1024 ** 3,
    ...change,
  };
}

/** A library with one cluster, `shop`, that is in use; what is not scripted fails. */
export function fakeLibrary(change: Partial<Library> = {}): Library {
  const library: Library = {
    trusting: () => library,
    home: async () => "/home/me/.belt",
    clusterNames: async () => ["shop"],
    currentCluster: async () => "shop",
    useCluster: unscripted("useCluster"),
    open: unscripted("open"),
    clusterOfFile: async () => "shop",
    openDescribed: unscripted("openDescribed"),
    recover: async () => {},
    importCluster: unscripted("importCluster"),
    lookAtHosts: unscripted("lookAtHosts"),
    hostsFile: unscripted("hostsFile"),
    swarmFile: unscripted("swarmFile"),
    newCluster: unscripted("newCluster"),
    clusterFile: unscripted("clusterFile"),
    knownMachines: async () => ["mg0", "node1", "node2"],
    templates: async () => [
      { name: "ha", summary: "Three managers and five workers." },
      { name: "quickstart", summary: "One manager and two workers." },
    ],
    templateText: unscripted("templateText"),
    providers: async () => ["local"],
    policy: unscripted("policy"),
    listProviders: unscripted("listProviders"),
    schema: async () => ({ type: "object" }),
    openImages: unscripted("openImages"),
    ...change,
  };
  return library;
}

/** A library whose every way to open a cluster gives this one; the emit function goes to `onOpen`. */
export function libraryOf(cluster: Cluster, onOpen: (emit: Emit) => void = () => {}): Partial<Library> {
  return {
    open: async (_name, emit) => {
      onOpen(emit);
      return cluster;
    },
    openDescribed: async (_description, emit) => {
      onOpen(emit);
      return cluster;
    },
  };
}

/** The machine names of the cluster of {@link fakeCluster}. */
export const shopNames = ["mg0", "node1", "node2"];

/** A cluster `shop` of one manager and two workers, all running, in no swarm; what is not scripted fails. */
export function fakeCluster(change: Partial<Cluster> = {}): Cluster {
  const machines = shopNames.map((name) =>
    aMachineSpec(name, name === "mg0" ? { role: "manager", group: "managers" } : {}),
  );
  return {
    name: "shop",
    id: "c1",
    folder: "/home/me/.belt/shop",
    spec: aSpec(machines),
    source: { kind: "file", path: "/home/me/cluster.yml" },
    provider: unscripted("provider"),
    images: unscripted("images"),
    check: async () => [],
    observe: async () => observed(shopNames.map((name) => aView(name))),
    plan: async () => noChanges,
    lockState: async () => ({ folder: undefined, swarm: undefined, swarmError: undefined }),
    breakLock: unscripted("breakLock"),
    export: unscripted("export"),
    standing: () => ({ state: "ready", lastFailure: undefined }),
    journal: () => [],
    up: unscripted("up"),
    editFile: async () => ({ change: { path: "cluster.yml", before: "", after: "" }, spec: aSpec([]) }),
    writeFile: unscripted("writeFile"),
    planScale: unscripted("planScale"),
    scale: unscripted("scale"),
    resize: unscripted("resize"),
    down: unscripted("down"),
    refresh: unscripted("refresh"),
    create: unscripted("create"),
    bootstrap: unscripted("bootstrap"),
    judge: async () => ({ verdict: "allowed", reasons: [], offer: undefined }),
    shortages: async () => [],
    changeNodes: unscripted("changeNodes"),
    remove: unscripted("remove"),
    power: unscripted("power"),
    swarmInit: unscripted("swarmInit"),
    swarmJoin: unscripted("swarmJoin"),
    connect: unscripted("connect"),
    engine: unscripted("engine"),
    activeNode: async () => "mg0",
    setActiveNode: unscripted("setActiveNode"),
    clientCertificates: async () => ({ folder: ".belt/shop/keys/client", replaced: undefined }),
    [Symbol.asyncDispose]: async () => {},
    ...change,
  };
}

/** A running machine and no node. */
export function aView(name: string, change: Partial<MachineView> = {}): MachineView {
  const last = shopNames.indexOf(name) + 1;
  return {
    name,
    group: name.startsWith("mg") ? "managers" : "workers",
    role: name.startsWith("mg") ? "manager" : "worker",
    provider: "local",
    machine: aMachine(
      name,
      { kind: "running" },
      { publicAddress: `192.0.2.${last}`, privateAddress: `10.0.0.${last}` },
    ),
    node: undefined,
    ...change,
  };
}

/** The world with these machines and no swarm. */
export function observed(machines: readonly MachineView[], change: Partial<Observed> = {}): Observed {
  return { machines, nodes: undefined, swarmError: "no machine is running", ...change };
}

/** Work that went well and changed something, in 2.5 seconds. */
export function anOutcome(change: Partial<Outcome> = {}): Outcome {
  return { kind: "done", failures: [], next: undefined, durationMs: 2500, phasesMs: {}, machines: [], ...change };
}

/** A pair of joined streams as a machine's socket. */
export const socketPair = duplexPair;

function unscripted(what: string): (...args: readonly unknown[]) => Promise<never> {
  return async () => {
    throw new Error(`not in the script: ${what}`);
  };
}
