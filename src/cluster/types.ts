import type { ImageStore, Machine, Problem, Provider, ProviderPlugin } from "../providers/provider.ts";
import type { Connect, Connection } from "../ssh/connection.ts";
import type { Engine, SwarmNode } from "../swarm/engine.ts";
import type { Shortage } from "../swarm/shortage.ts";
import type { Clock } from "../util/clock.ts";
import type { BeltError } from "../util/errors.ts";
import type { RunProcess } from "../util/processes.ts";
import type { Secret } from "../util/secret.ts";
import type { Surroundings } from "../util/surroundings.ts";
import type { SwarmTrouble } from "./ask-swarm.ts";
import type { WantedMake } from "./drift.ts";
import type { Emit, Phase } from "./events.ts";
import type { EditedFile, FileEdit } from "./file-edit.ts";
import type { GuardedChange } from "./guards.ts";
import type { OwnWord } from "./identity.ts";
import type { JournalRecord } from "./journal-records.ts";
import type { LastFailure } from "./journal-state.ts";
import type { ClientCertificates } from "./keys.ts";
import type { Leniency } from "./leniency.ts";
import type { LockState } from "./lock-state.ts";
import type { NodeState } from "./node-state.ts";
import type { PluginSource } from "./plugins/offered-provider.ts";
import type { Price } from "./price.ts";
import type { Requirement } from "./provider-check.ts";
import type { Resizing } from "./resize.ts";
import type { ScaleOptions } from "./scale.ts";
import type { ScalePlan, ScaleTarget } from "./scale-plan.ts";
import type { SettingsPart } from "./settings.ts";
import type { SharedChange } from "./shared.ts";
import type { Shown } from "./shown.ts";
import type { ClusterSpec, Role } from "./spec/types.ts";
import type { SwarmHealth } from "./swarm-health.ts";
import type { UpOptions } from "./up.ts";

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
  /** Finds providers by others; absent where only `providers` count. */
  readonly plugins?: PluginSource;
  /** Opens one SSH connection. */
  readonly connect: Connect;
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
  /** Nodes that the machine was before it left the swarm by itself, and that are still on the list; absent where there are none. */
  readonly former?: readonly SwarmNode[];
}

/** The world as one command saw it. */
export interface Observed {
  readonly machines: readonly MachineView[];
  /** Absent when there is no swarm or no manager answered; `swarmError` then says why. */
  readonly nodes: readonly SwarmNode[] | undefined;
  readonly swarmError: string | undefined;
  /** What is known of the swarm where no manager answers. */
  readonly trouble?: SwarmTrouble;
  /** Whether the journal knows a swarm of this cluster. */
  readonly swarmKnown?: boolean;
  /** Whether there is no swarm to be lost where nobody answers: none was ever seen, and the file has no manager. */
  readonly swarmless?: boolean;
  /** What engines said of themselves, by their machines' names, where somebody asked them. */
  readonly words?: ReadonlyMap<string, OwnWord>;
  /** The machines that claim to be a node which another machine is, each with that node's id. */
  readonly copies?: ReadonlyMap<string, string>;
  /** What the file asks of each machine itself, by its name; absent where nobody asked the providers. */
  readonly wanted?: ReadonlyMap<string, WantedMake>;
  /** The providers on whose hosts beltkit itself keeps the file's firewall; absent where nobody asked. */
  readonly walled?: ReadonlySet<string>;
  /** What is not as it should be among what machines share; absent where nobody asked. */
  readonly shared?: readonly SharedChange[];
  /** What stands in the way by the providers' word; absent where nobody asked. */
  readonly requirements?: readonly Requirement[];
  /** In which settings machines are not as the file says, by their names; absent where nobody compared, and without those of which nobody knows. */
  readonly settings?: ReadonlyMap<string, readonly SettingsPart[]>;
}

/**
 * What does not fit. A ghost is a node without a machine, an orphan a machine of ours in no swarm, a stranger a node that is
 * not ours, a copy is a machine that runs the state of another machine's node, a drifted machine is not as the file says, a held
 * one was paused or drained by hand, an unnamed one is not in the file, an exposed one has ports that nothing closes.
 * A requirement is what a provider misses, or would refuse: `up` ends there unless it can bring it about itself.
 */
export interface Finding {
  readonly kind: "ghost" | "orphan" | "stranger" | "copy" | "drifted" | "held" | "unnamed" | "exposed" | "requirement";
  /** The machine's name, or the node's host name; the provider's for a requirement. */
  readonly name: string;
  readonly what: string;
  /** One way to mend it. */
  readonly fix: string;
  /** Whether `belt up` does that by itself. */
  readonly byUp?: boolean;
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

/** What is done to a machine or its node; `configure` is about what a provider's machines share, `firewall` about the rules on a host. */
export type ChangeAction =
  | "configure"
  | "create"
  | "start"
  | "bootstrap"
  | "firewall"
  | "restart-engine"
  | "join"
  | "label"
  | "availability"
  | "promote"
  | "replace"
  | "drain"
  | "demote"
  | "leave"
  | "remove"
  | "destroy";
/** What a change may cost. */
export type Risk = "none" | "moves-work" | "quorum";

/** One change between the cluster file and the world. */
export interface Change {
  readonly action: ChangeAction;
  /** Its name; the provider's for `configure`. */
  readonly machine: string;
  readonly group: string;
  /** What it is in the swarm, or is to be. */
  readonly role: Role | undefined;
  readonly reason: string;
  readonly risk: Risk;
}

/** A change that takes something away for good or for a while, and the id of the machine that it is about; of the node for `demote`. */
export interface Disturbance {
  readonly action: ChangeAction;
  readonly name: string;
  readonly id: string;
}

/** What of a plan wants the user's word, and the guard's word on the managers that it takes away. */
export interface Disturbances {
  readonly actions: readonly Disturbance[];
  readonly guard: GuardReport;
}

/** The way from the world to the cluster file, and what does not fit on it. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  /** What all machines of the file cost together, for each currency, where their providers say it. */
  readonly prices: readonly Price[];
  /** Why the swarm could not be asked, where it could not: the plan may then be longer than it says. */
  readonly swarmError: string | undefined;
  readonly swarm: SwarmHealth;
  /** What to agree to: {@link UpOptions} takes it back as the only thing that may be done. */
  readonly disturbs: Disturbances;
}

/** Writes the edited cluster file, once the guards have let a command pass. */
export interface Saving {
  readonly save: () => Promise<void>;
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

/**
 * A cluster with a folder under `.belt/`, opened. Reading takes no lock; every method that changes something takes it. What the
 * user agrees to beforehand ({@link Leniency}) is nothing unless it is given.
 */
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
  /** Who holds the cluster's lock; a command that only reads takes none. */
  lockState(signal: AbortSignal): Promise<LockState>;
  /** Takes the lock away from whoever holds it. */
  breakLock(signal: AbortSignal): Promise<void>;
  /** Everything that another operator needs of the cluster, encrypted. @throws BeltError `usage.no-cluster` */
  export(passphrase: Secret): Promise<string>;
  /** Where a machine stands, and the last failure on its way. */
  standing(view: MachineView): { readonly state: NodeState; readonly lastFailure: LastFailure | undefined };
  /** The durable record of what was done, oldest first. */
  journal(): readonly JournalRecord[];
  /** With `swarm: false` only the provider is asked, and no connection is made. */
  observe(options: { readonly swarm: boolean }, signal: AbortSignal): Promise<Observed>;
  /** For the file as it is, or as it will be; with `checked` the providers' {@link check} is left out, which was made just now. */
  plan(options: { readonly file?: EditedFile; readonly checked?: boolean }, signal: AbortSignal): Promise<Plan>;
  /** Works out a change of the cluster file, comments and order kept; nothing is written. @throws BeltError `spec.invalid`, `usage.invalid` */
  editFile(edit: FileEdit): Promise<EditedFile>;
  /** Writes it, and does nothing else. */
  writeFile(file: EditedFile): Promise<void>;
  /** What a new size of groups means; nothing is changed. */
  planScale(targets: readonly ScaleTarget[], signal: AbortSignal): Promise<ScalePlan>;
  /** Writes the file (unless `writesFile` is false) and acts. @throws BeltError `guard.removal` where no machine of a group would stay and `replaceAll` is not set. */
  scale(plan: ScalePlan, options: Partial<Leniency & ScaleOptions>, signal: AbortSignal): Promise<Outcome>;
  resize(wanted: Resizing, file: EditedFile | undefined, signal: AbortSignal): Promise<Outcome>;
  /** @throws BeltError `guard.removal` before anything is done, where machines would go and nobody agreed; `guard.changed` where more would be done than was agreed to. */
  up(options: Partial<UpOptions>, signal: AbortSignal): Promise<Outcome>;
  /** Brings the journal in line with the world; nothing else is changed. */
  refresh(signal: AbortSignal): Promise<Outcome>;
  down(signal: AbortSignal): Promise<Outcome>;
  /** Makes machines that no group of the file names; with engine and certificates unless `bare`. */
  create(
    names: readonly string[],
    options: { readonly size: string | undefined; readonly bare: boolean; readonly file?: EditedFile | undefined },
    signal: AbortSignal,
  ): Promise<Outcome>;
  bootstrap(names: readonly string[], signal: AbortSignal): Promise<Outcome>;
  /** What the quorum guard says to a change of these machines, as things are now. Changes nothing. */
  judge(kind: GuardedChange, names: readonly string[], signal: AbortSignal): Promise<GuardReport>;
  /** Which services will be short once these machines have lost their tasks, as things are now. Changes nothing. */
  shortages(names: readonly string[], signal: AbortSignal): Promise<readonly Shortage[]>;
  /** @throws BeltError `guard.quorum`, `guard.no-spare`, `guard.data` before anything is done; `guard.changed` where machines are others than were `shown`. */
  remove(
    names: readonly string[],
    leniency: Partial<Leniency> & { readonly shown?: Shown | undefined },
    file: EditedFile | undefined,
    signal: AbortSignal,
  ): Promise<Outcome>;
  power(
    action: "start" | "stop" | "restart",
    names: readonly string[],
    leniency: Partial<Pick<Leniency, "acceptNoSpare">>,
    signal: AbortSignal,
  ): Promise<Outcome>;
  /** Changes nodes of the swarm; managers one at a time, under the guard. */
  changeNodes(
    change: NodeChange,
    names: readonly string[],
    leniency: Partial<Leniency>,
    signal: AbortSignal,
  ): Promise<Outcome>;
  swarmInit(name: string, signal: AbortSignal): Promise<Outcome>;
  swarmJoin(leader: string, names: readonly string[], role: Role, signal: AbortSignal): Promise<Outcome>;
  /** A connection to a running machine; one per machine, shared and kept until the cluster is disposed. */
  connect(name: string, signal: AbortSignal): Promise<Connection>;
  /** The Engine API of a machine, over that connection. */
  engine(name: string, signal: AbortSignal): Promise<Engine>;
  /** The name of the node that later commands talk to: the one chosen by `belt active`, else the swarm's leader, else the first manager. */
  activeNode(signal: AbortSignal): Promise<string>;
  setActiveNode(name: string): Promise<void>;
  /** What the plain docker client proves itself with; made where it is missing, and anew where it is no good any more. */
  clientCertificates(): Promise<ClientCertificates>;
}
