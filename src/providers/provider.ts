import type { Connection } from "../ssh/connection.ts";
import type { Secret } from "../util/secret.ts";
import type { FirewallSpec } from "./firewall-spec.ts";
import type { GivenHost, HostEntry } from "./hosts.ts";

/** Where a machine stands, as its provider sees it. */
export type MachineState =
  | { readonly kind: "creating" }
  | { readonly kind: "running" }
  | { readonly kind: "stopped" }
  | { readonly kind: "removing" }
  | { readonly kind: "failed"; readonly reason: string };

/** A host that a provider made or was given. */
export interface Machine {
  /** The provider's own id, unique for ever. */
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly provider: string;
  readonly state: MachineState;
  readonly publicAddress: string | undefined;
  readonly privateAddress: string | undefined;
  /** The user that SSH logs in as, and its port. */
  readonly user: string;
  readonly port: number;
  readonly size: string;
  readonly region: string;
  /** The zone of the region that it is in, where its provider has zones. */
  readonly zone?: string | undefined;
  readonly image: string;
  /** The SSH host key's public line (`ssh-ed25519 AAAA…`) where the provider can vouch for it. */
  readonly hostKey: string | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  /** A digest of what was asked for at creation, to see drift. */
  readonly specHash: string;
  /** Set for a host that was there before the cluster. */
  readonly given?: GivenHost;
}

/** An SSH key pair in OpenSSH's formats. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: Secret;
}

/** What to make. The same name in the same cluster twice is the same machine. */
export interface MachineRequest {
  readonly name: string;
  readonly group: string;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly size: string | undefined;
  /** Public keys that may log in: the cluster's own first, then the operators'. */
  readonly authorizedKeys: readonly string[];
  /** The host key that the machine must answer with at first contact; the same for all requests of one call where the plugin's `hostKeys` say so. */
  readonly hostKey: KeyPair;
  /** The host to take, for a provider of hosts that exist. */
  readonly host?: HostEntry;
  readonly specHash: string;
  /** The provider's block of the cluster file, merged with the group's and parsed by the plugin's schema. */
  readonly options: unknown;
}

export type CreateOutcome =
  | { readonly kind: "accepted"; readonly machine: Machine }
  | { readonly kind: "exists"; readonly machine: Machine }
  | { readonly kind: "refused"; readonly name: string; readonly error: Error };

export type RemoveOutcome =
  | { readonly kind: "removed"; readonly machine: Machine }
  | { readonly kind: "failed"; readonly machine: Machine; readonly error: Error };

/** Something that stands in the way before anything is made. */
export interface Problem {
  readonly message: string;
  readonly hint: string;
  /** A way to remove the problem here and now, if the user agrees: what it does, and the doing. */
  readonly fix?: { readonly title: string; apply(signal: AbortSignal): Promise<void> };
}

/** One machine that is to be made, as far as `check`, `shared` and `prices` want to know it. */
export interface PlannedMachine {
  readonly name: string;
  readonly group: string;
  readonly size: string | undefined;
  /** Like {@link MachineRequest.options}. */
  readonly options: unknown;
}

/** What `check` is asked about, and what `shared` makes ready for. */
export interface ProviderSpec {
  readonly clusterId: string;
  readonly clusterName: string;
  /** The machines that are to be made now. */
  readonly requests: readonly PlannedMachine[];
  /** The names of all groups whose machines come from this provider. */
  readonly groups: readonly string[];
  /** Public keys that may log in, for a provider that keeps keys of its own; made at first use, so asked for by what changes something only. */
  readonly authorizedKeys: () => Promise<readonly string[]>;
  /** Absent where the cluster file has none. */
  readonly firewall: FirewallSpec | undefined;
  /** The provider's block of the cluster file, parsed. */
  readonly options: unknown;
}

/** A cluster's shared parts: network, firewall, key. Ensured once before the fan-out, removed last; only what beltkit made. */
export interface SharedResources {
  /** What `ensure` would change, each in the user's words ("open 80/tcp to any on workers"); nothing where all is as it should be. */
  inspect(spec: ProviderSpec, signal: AbortSignal): Promise<readonly string[]>;
  /** Idempotent. */
  ensure(spec: ProviderSpec, signal: AbortSignal): Promise<void>;
  remove(clusterId: string, signal: AbortSignal): Promise<void>;
}

/** Power, where a provider has it. Each call is idempotent and resolves when the state is reached. */
export interface PowerControl {
  start(machine: Machine, signal: AbortSignal): Promise<void>;
  stop(machine: Machine, signal: AbortSignal): Promise<void>;
  restart(machine: Machine, signal: AbortSignal): Promise<void>;
}

/** Changing the size of a machine that exists, where a provider can. */
export interface ResizeControl {
  /** Whether the machine is off for a moment while its size changes. */
  readonly restarts: boolean;
  /** Resolves when the machine runs (or is off, if it was) with the new size. Idempotent. */
  resize(machine: Machine, size: string, signal: AbortSignal): Promise<void>;
}

/** What machines cost, where a provider says so. */
export interface PriceList {
  /** ISO 4217, such as `USD`. */
  readonly currency: string;
  /** The price of each machine an hour, in the order asked; undefined where the provider does not say. */
  hourly(machines: readonly PlannedMachine[], signal: AbortSignal): Promise<readonly (number | undefined)[]>;
}

/** A machine's console, where a provider keeps one. */
export interface ConsoleLog {
  /** The last bytes of the console as text. */
  read(machine: Machine, signal: AbortSignal): Promise<string>;
  /** The console as it grows, until the signal aborts. */
  follow(machine: Machine, signal: AbortSignal): AsyncIterable<string>;
}

/** One base image of a provider that keeps its own. */
export interface ImageInfo {
  readonly name: string;
  readonly state: "ready" | "missing";
  /** The image that it is a layer on, if any. */
  readonly base: string | undefined;
  /** The engine's version in it, if one was baked in. */
  readonly engine: string | undefined;
  readonly bytes: number;
  readonly createdAt: string | undefined;
}

/** Base images, for a provider that makes its own (`local`). */
export interface ImageStore {
  list(signal: AbortSignal): Promise<readonly ImageInfo[]>;
  /** Makes a base image from the distribution's packages; does nothing if it is there. `onLine` gets what the tool prints. */
  build(name: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** Powers a machine off and keeps what was changed on it as a layer over its base image. */
  keep(machine: Machine, name: string, engine: string, signal: AbortSignal): Promise<void>;
  /** Runs `work` while no other command of this host makes the same image; waits for one that does. */
  exclusively<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** @throws BeltError `usage.invalid` for an unknown image, `guard.removal` for one that machines stand on. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

/** A provider, open and configured. Capabilities are absent where they are not, never methods that throw. */
export interface Provider extends AsyncDisposable {
  readonly name: string;
  /** Everything that would refuse: before anything is made. */
  check(spec: ProviderSpec, signal: AbortSignal): Promise<readonly Problem[]>;
  /** All machines of a cluster: the truth. One call a page for all. */
  list(clusterId: string, signal: AbortSignal): Promise<readonly Machine[]>;
  /** The ids of the clusters of this name that have machines here: for a journal that was lost. */
  clusters?(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Bulk; returns once accepted; the same name twice is the same machine. Outcomes are in the order of the requests. */
  create(requests: readonly MachineRequest[], signal: AbortSignal): Promise<readonly CreateOutcome[]>;
  /** Already gone is removed. */
  remove(machines: readonly Machine[], signal: AbortSignal): Promise<readonly RemoveOutcome[]>;
  readonly shared?: SharedResources;
  readonly power?: PowerControl;
  readonly resize?: ResizeControl;
  readonly prices?: PriceList;
  readonly console?: ConsoleLog;
  readonly images?: ImageStore;
}

/** How a provider wants to be called. */
export interface Pace {
  /** How often `list` may be asked while machines come up. */
  readonly pollMs: number;
  /** How many machines one `create` takes best: what its bulk call takes, or 1 where machines are made one by one anyway. */
  readonly batch: number;
  /** How many `create` calls may run side by side. */
  readonly parallel: number;
  /**
   * Where the same call twice makes two machines: how long a `create` call that was cut off may still take effect, and what it
   * made may still not be listed. A name is asked for again only then.
   */
  readonly settleMs?: number;
}

/** What a cluster file wants of one provider. */
export interface FileWish {
  /** Every size that is written for its machines, once each. */
  readonly sizes: readonly string[];
  readonly machineCount: number;
  /** The provider's block of the cluster file, parsed. */
  readonly options: unknown;
}

/** What is wrong with a wish: one of the sizes, or one of the options by its name. */
export type FileFault =
  | { readonly size: string; readonly message: string }
  | { readonly option: string; readonly message: string };

/** A provider plugin: what the registry holds. */
export interface ProviderPlugin {
  readonly name: string;
  readonly title: string;
  readonly pace: Pace;
  /** `taken` where machines are there before and stay when they are removed: what beltkit did on them is undone first. */
  readonly machines?: "taken";
  /**
   * How first contact is authenticated: each machine gets the host key of its own request before it boots (`each`); all of one
   * call get the same one in user data, which is replaced at first contact (`call`); the host has its own already, and
   * `create` vouches for it in `machine.hostKey` (`own`).
   */
  readonly hostKeys: "each" | "call" | "own";
  /**
   * Who enforces the file's `firewall`: the provider, around the machines, and then the file must have one; beltkit, on each
   * host; or nobody, because nothing reaches the machines from outside anyway.
   */
  readonly firewall: "provider" | "host" | "none";
  /** Whether machines can be told a zone each: their options then have `zones`, the wanted one first. */
  readonly zones?: true;
  /** The least that the credentials must allow, as the provider's own console wants it. */
  readonly policy?: string;
  /** The schema of the provider's block in the cluster file (a zod schema). */
  readonly options: import("zod").ZodType;
  /** What a size in the file is called by the provider itself, where the file may write it in another way. */
  sizeOf?(size: string): string;
  /** What can never be made of what a cluster file wants, as far as that is known without asking anybody. */
  fileFaults?(wish: FileWish): readonly FileFault[];
  /** The image that a request with these options asks for, and the size where none is given; for the plan and for `ls`. */
  describe(options: unknown): { readonly image: string; readonly region: string; readonly defaultSize: string };
  open(context: ProviderContext): Promise<Provider>;
}

/** The cluster that a provider is opened for. */
export interface ProviderCluster {
  readonly name: string;
  /** The provider's block of the cluster file, parsed; undefined where the file has none. */
  readonly options: unknown;
  /** The hosts that the cluster file lists for this provider. */
  readonly hosts: readonly HostEntry[];
  /** A folder of the cluster's own for what the provider must remember; it is there after the first write. */
  readonly folder: string;
  /** The host keys that are pinned for a machine of the cluster; none for one that was never made or taken. */
  hostKeys(name: string): Promise<readonly string[]>;
  /** The connection to a machine with a pinned host key, logged in with the cluster's own key; shared with all that the command does there. */
  connect(machine: Machine, signal: AbortSignal): Promise<Connection>;
}

/** What a plugin gets from outside. */
export interface ProviderContext {
  /** Absent where a provider is opened for no cluster. */
  readonly cluster?: ProviderCluster;
  readonly clock: import("../util/clock.ts").Clock;
  readonly random: () => number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: import("../util/processes.ts").RunProcess;
  /** The numeric user id of this process, and the operating system's name as `process.platform` gives it. */
  readonly uid: number;
  readonly platform: string;
}
