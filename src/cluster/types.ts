import type { ImageStore, Machine, Problem, Provider, ProviderPlugin } from "../providers/provider.ts";
import type { Connection } from "../ssh/connection.ts";
import type { Engine, SwarmNode } from "../swarm/engine.ts";
import type { Clock } from "../util/clock.ts";
import type { BeltError } from "../util/errors.ts";
import type { RunProcess } from "../util/processes.ts";
import type { Surroundings } from "../util/surroundings.ts";
import type { Emit, Phase } from "./events.ts";
import type { GuardedChange } from "./guards.ts";
import type { Leniency } from "./leave.ts";
import type { ClusterSpec, Role } from "./spec/types.ts";

/** The providers that there are, by name; each is loaded when a cluster asks for it. */
export type ProviderRegistry = Readonly<Record<string, () => Promise<ProviderPlugin>>>;

/** What the library needs from outside. */
export interface Dependencies extends Surroundings {
  readonly clock: Clock;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly run: RunProcess;
  readonly emit: Emit;
  readonly providers: ProviderRegistry;
}

/** Where a cluster's description came from; the path of a file is absolute here. */
export type SpecSource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "template"; readonly name: string };

/** One machine joined with its node, as `ls`, `inspect` and `status` show it. */
export interface MachineView {
  readonly name: string;
  readonly group: string;
  readonly role: Role | undefined;
  readonly provider: string;
  /** Absent when the cluster file names it and it is not there. */
  readonly machine: Machine | undefined;
  readonly node: SwarmNode | undefined;
}

/** The world as one command saw it. */
export interface Observed {
  readonly machines: readonly MachineView[];
  /** Absent when there is no swarm or no manager answered; `swarmError` then says why. */
  readonly nodes: readonly SwarmNode[] | undefined;
  readonly swarmError: string | undefined;
}

/** The guard's word on a change to managers, with a reason for each of them. `ask` is for the user to decide. */
export interface GuardReport {
  readonly verdict: "allowed" | "ask" | "refused";
  readonly reasons: readonly string[];
  /** A safer way, where there is one. */
  readonly offer: string | undefined;
}

/** A change of nodes in the swarm; the machines stay. */
export type NodeChange =
  | { readonly kind: "promote" | "demote" | "activate" | "drain" | "leave" }
  /** Labels to set, and keys to take away. */
  | { readonly kind: "label"; readonly set: Readonly<Record<string, string>>; readonly drop: readonly string[] };

/** What is done to a machine or its node. */
export type ChangeAction = "create" | "start" | "join" | "update" | "remove";
/** What a change may cost. */
export type Risk = "none" | "moves-work" | "quorum";

/** One change between the cluster file and the world. */
export interface Change {
  readonly action: ChangeAction;
  readonly machine: string;
  readonly group: string;
  readonly reason: string;
  readonly risk: Risk;
}

/** How a command that does work ended. */
export interface Outcome {
  readonly kind: "done" | "unchanged" | "partial" | "failed";
  /** Every machine that failed, with its error. */
  readonly failures: readonly { readonly machine: string; readonly phase: Phase; readonly error: BeltError }[];
  /** The command that goes on from here. */
  readonly next: string | undefined;
  /** Milliseconds from the start to the end, and how long the slowest machine took in each phase. */
  readonly durationMs: number;
  readonly phasesMs: Readonly<Record<string, number>>;
  readonly machines: readonly Machine[];
}

/** A cluster with a folder under `.belt/`, opened. Reading takes no lock; every method that changes something takes it. */
export interface Cluster extends AsyncDisposable {
  readonly name: string;
  readonly id: string;
  readonly folder: string;
  readonly spec: ClusterSpec;
  readonly source: SpecSource;
  /** The provider of the whole cluster, opened at first use. */
  provider(): Promise<Provider>;
  images(): Promise<ImageStore | undefined>;
  /** What stands in the way of making the machines of the file (or the named ones), each with its fix if there is one. */
  check(signal: AbortSignal): Promise<readonly Problem[]>;
  /** With `swarm: false` only the provider is asked, and no connection is made. */
  observe(options: { readonly swarm: boolean }, signal: AbortSignal): Promise<Observed>;
  plan(signal: AbortSignal): Promise<readonly Change[]>;
  up(signal: AbortSignal): Promise<Outcome>;
  down(signal: AbortSignal): Promise<Outcome>;
  /** Makes machines that no group of the file names; with engine and certificates unless `bare`. */
  create(
    names: readonly string[],
    options: { readonly size: string | undefined; readonly bare: boolean },
    signal: AbortSignal,
  ): Promise<Outcome>;
  bootstrap(names: readonly string[], signal: AbortSignal): Promise<Outcome>;
  /** What the quorum guard says to a change of these machines, as things are now. Changes nothing. */
  judge(kind: GuardedChange, names: readonly string[], signal: AbortSignal): Promise<GuardReport>;
  /** @throws BeltError `guard.quorum`, `guard.no-spare`, `guard.data` before anything is done. */
  remove(names: readonly string[], leniency: Leniency, signal: AbortSignal): Promise<Outcome>;
  power(
    action: "start" | "stop" | "restart",
    names: readonly string[],
    leniency: Pick<Leniency, "acceptNoSpare">,
    signal: AbortSignal,
  ): Promise<Outcome>;
  /** Changes nodes of the swarm; managers one at a time, under the guard. */
  changeNodes(change: NodeChange, names: readonly string[], leniency: Leniency, signal: AbortSignal): Promise<Outcome>;
  swarmInit(name: string, signal: AbortSignal): Promise<Outcome>;
  swarmJoin(leader: string, names: readonly string[], role: Role, signal: AbortSignal): Promise<Outcome>;
  /** A connection to a running machine; one per machine, shared and kept until the cluster is disposed. */
  connect(name: string, signal: AbortSignal): Promise<Connection>;
  /** The Engine API of a machine, over that connection. */
  engine(name: string, signal: AbortSignal): Promise<Engine>;
  /** The name of the node that later commands talk to: the one chosen by `belt active`, else the swarm's leader, else the first manager. */
  activeNode(signal: AbortSignal): Promise<string>;
  setActiveNode(name: string): Promise<void>;
  /** The folder with `ca.pem`, `cert.pem` and `key.pem` for the plain docker client; made if it is missing. */
  clientCertificates(): Promise<string>;
}
