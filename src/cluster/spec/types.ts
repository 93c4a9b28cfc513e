import type { FirewallSpec } from "../../providers/firewall-spec.ts";
import type { HostEntry } from "../../providers/hosts.ts";

/** What a group's machines are in the swarm. */
export type Role = "manager" | "worker";

/**
 * What a group's machines are: nodes of the swarm in a role; `none` for machines with an engine that are in no swarm unless
 * somebody joins them by name; `bare` for machines without an engine.
 */
export type GroupRole = Role | "none" | "bare";

/** Whether the scheduler may place tasks on a node. */
export type Availability = "active" | "pause" | "drain";

/** One machine as the cluster file wants it, after ranges, defaults and overrides. */
export interface MachineSpec {
  readonly name: string;
  readonly group: string;
  readonly role: GroupRole;
  readonly provider: string;
  /** As written; the provider's default when absent. */
  readonly size: string | undefined;
  /** As the provider's `image` option names it; that option's own value when absent. */
  readonly image: string | undefined;
  readonly availability: Availability;
  readonly labels: Readonly<Record<string, string>>;
  /** The zones that it may be in, the one it is to be in first; absent where the file leaves that to the provider. */
  readonly zones?: readonly string[] | undefined;
  /** The host that it is, where it exists already. */
  readonly host?: Omit<HostEntry, "name" | "group"> | undefined;
}

/** A machine of the file that is to be a node. */
export type NodeSpec = MachineSpec & { readonly role: Role };

/** Whether the file wants a machine in the swarm. */
export function isNodeSpec(machine: MachineSpec): machine is NodeSpec {
  return machine.role === "manager" || machine.role === "worker";
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
  /** The providers by others that the file names, by path as written; paths begin at the folder of the file. */
  readonly providerPaths?: Readonly<Record<string, string>> | undefined;
  /** The block of each provider that is used, parsed by the plugin's schema. */
  readonly providerOptions: Readonly<Record<string, unknown>>;
  readonly ssh: {
    readonly user: string | undefined;
    readonly authorizedKeys: readonly string[];
    /** As `ssh -J` takes it. */
    readonly jump?: string | undefined;
  };
  readonly engine: EngineSpec;
  readonly swarm: SwarmSpec;
  readonly limits: {
    readonly maxMachines: number;
    readonly maxFailures: number;
    /** In the provider's currency. */
    readonly maxHourlyPrice?: number | undefined;
  };
  /** Who may reach the machines from outside; absent where the file says nothing about it. */
  readonly firewall?: FirewallSpec | undefined;
  /** Whether tasks may leave volumes that live on their node behind. */
  readonly drain: { readonly localVolumes: "keep" | "move" };
  readonly protect: boolean;
  /** The names of the groups, in the order of the file; one may have no machine at present. */
  readonly groups: readonly string[];
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
