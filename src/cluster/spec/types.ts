/** What a group's machines are in the swarm. */
export type Role = "manager" | "worker";

/** Whether the scheduler may place tasks on a node. */
export type Availability = "active" | "pause" | "drain";

/** One machine as the cluster file wants it, after ranges, defaults and overrides. */
export interface MachineSpec {
  readonly name: string;
  readonly group: string;
  readonly role: Role;
  readonly provider: string;
  /** As written; the provider's default when absent. */
  readonly size: string | undefined;
  /** As the provider's `image` option names it; that option's own value when absent. */
  readonly image: string | undefined;
  readonly availability: Availability;
  readonly labels: Readonly<Record<string, string>>;
}

/** Where the engine comes from: see `engine.install` in the schema. */
export type EngineInstall = "auto" | "docker" | "distro" | "never";

/** Who reaches the engine's TLS endpoint on 2376. */
export type EngineApi = "members" | "operators" | "loopback" | "off";

export interface EngineSpec {
  /** Exactly this version (or this prefix of one, such as `29.1`), from Docker's own repository; absent: any engine from 20.10 on. */
  readonly version: string | undefined;
  readonly install: EngineInstall;
  readonly api: EngineApi;
  /** Keys of daemon.json that the user adds. */
  readonly daemon: Readonly<Record<string, unknown>>;
  readonly mirrors: readonly string[];
}

export interface SwarmSpec {
  /** `private`, `public`, or the name of a network interface. */
  readonly advertise: string;
  readonly addressPools: readonly { readonly base: string; readonly size: number }[];
  readonly autolock: boolean;
  /** In hours. */
  readonly certExpiryHours: number;
}

/** A cluster file, read, checked, and with everything filled in: pure data, with no secret in it. */
export interface ClusterSpec {
  readonly name: string;
  readonly provider: string;
  /** The block of each provider that is used, parsed by the plugin's schema. */
  readonly providerOptions: Readonly<Record<string, unknown>>;
  readonly ssh: { readonly user: string | undefined; readonly authorizedKeys: readonly string[] };
  readonly engine: EngineSpec;
  readonly swarm: SwarmSpec;
  readonly limits: { readonly maxMachines: number; readonly maxFailures: number };
  readonly protect: boolean;
  /** Every machine of every group, in the order of the file. */
  readonly machines: readonly MachineSpec[];
}

/** One thing wrong with a cluster file, with its place. Lines and columns count from 1. */
export interface SpecProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The path of keys, such as `groups.managers.machines`; empty for the whole file. */
  readonly key: string;
  readonly message: string;
  /** The text of the line that is meant. */
  readonly lineText: string;
}
