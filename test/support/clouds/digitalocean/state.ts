import type { Agenda } from "../agenda.ts";
import type { CloudHosts } from "../hosts.ts";
import type { Image, Size } from "./catalog.ts";

/** How long things take, in milliseconds. Tests may change them at any time; what has begun keeps its pace. */
export interface Timings {
  /** From the create call until the droplet is active. */
  activeMs: number;
  /** From the create call until addresses are shown. */
  addressMs: number;
  /** From the create call until lists show the droplet at all. */
  listedMs: number;
  /** An action: power, resize. */
  actionMs: number;
  /** From the delete call until the droplet is not to be seen any more. */
  unlistedMs: number;
  /** From the delete call until its VPC has it as a member no more. */
  releasedMs: number;
  /** Until a firewall is in force. */
  firewallMs: number;
}

/** What becomes of a droplet that was accepted; asked once, at its creation. */
export type Fate =
  | "well"
  /** It stays `new` for ever. */
  | "stuck"
  /** Its create action fails, and it is gone. */
  | "fails"
  /** It ignores a shutdown: the action completes, and it stays on. */
  | "stubborn";

/** A droplet as the cloud knows it. */
export interface Droplet {
  readonly id: number;
  name: string;
  readonly region: string;
  size: Size;
  /** The disk that it has, in GiB: a resize may leave it as it is. */
  disk: number;
  readonly image: Image;
  readonly createdMs: number;
  readonly vpcId: string;
  readonly fate: Fate;
  readonly ipv6: boolean;
  readonly monitoring: boolean;
  status: "new" | "active" | "off";
  locked: boolean;
  /** The action that is under way. */
  pending: number | undefined;
  /** When its addresses may be seen, when lists show it, in milliseconds of the clock. */
  readonly addressesMs: number;
  readonly listedMs: number;
  unlistedMs: number;
  deleted: boolean;
  /** What is being done to the machine behind it, one thing after the other. */
  behind: Promise<void>;
}

/** An action on a droplet. */
export interface Action {
  readonly id: number;
  readonly type: string;
  readonly dropletId: number;
  readonly region: string;
  readonly startedMs: number;
  status: "in-progress" | "completed" | "errored";
  completedMs: number | undefined;
}

/** A public key of the account. */
export interface Key {
  readonly id: number;
  readonly fingerprint: string;
  readonly publicKey: string;
  name: string;
}

/** A private network. */
export interface Vpc {
  readonly id: string;
  name: string;
  description: string;
  readonly region: string;
  readonly range: string;
  readonly isDefault: boolean;
  readonly createdMs: number;
}

/** One direction of a firewall rule, as it was sent. */
export interface Rule {
  readonly protocol: string;
  readonly ports: string;
  readonly [peers: string]: unknown;
}

/** A firewall. */
export interface Firewall {
  readonly id: string;
  readonly createdMs: number;
  name: string;
  status: "waiting" | "succeeded";
  inbound: readonly Rule[];
  outbound: readonly Rule[];
  dropletIds: readonly number[];
  tags: readonly string[];
}

/** What a token may do: everything, or these scopes. */
export type Scopes = "all" | readonly string[];

/** An account at the cloud, and everything in it. */
export interface Account {
  readonly agenda: Agenda;
  readonly hosts: CloudHosts;
  readonly timings: Timings;
  /** Milliseconds since the epoch at `elapsed` 0. */
  readonly epochMs: number;
  readonly email: string;
  dropletLimit: number;
  fateOf: (name: string) => Fate;
  /** The addresses of the networks that nobody chose, by their number from 0. */
  readonly rangeOf: (index: number) => string;
  readonly droplets: Map<number, Droplet>;
  readonly actions: Map<number, Action>;
  readonly keys: Map<number, Key>;
  readonly vpcs: Map<string, Vpc>;
  readonly firewalls: Map<string, Firewall>;
  /** Tags by their lower-case name: the name as it was first written, and the droplets that wear it. */
  readonly tags: Map<string, { readonly name: string; readonly droplets: Set<number> }>;
  readonly counters: { droplet: number; action: number; key: number; uuid: number; range: number };
  /** What is being done to machines behind droplets. */
  readonly underWay: Set<Promise<void>>;
  /** What went wrong behind droplets. */
  readonly failures: unknown[];
}

/** A UUID that no other thing of this account has, and the same in every run. */
export function nextUuid(account: Account): string {
  account.counters.uuid += 1;
  return `5a4981aa-9653-4bd1-bef5-${account.counters.uuid.toString(16).padStart(12, "0")}`;
}

/** A point of the clock's time as the API writes it: without fractions of a second. */
export function timestamp(account: Account, elapsedMs: number): string {
  return `${new Date(account.epochMs + elapsedMs).toISOString().slice(0, 19)}Z`;
}
