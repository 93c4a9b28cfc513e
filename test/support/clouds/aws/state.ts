import type { Agenda } from "../agenda.ts";
import type { HasBehind } from "../behind.ts";
import type { CloudHosts } from "../hosts.ts";
import type { Query } from "./query.ts";
import { invalid } from "./refusal.ts";

/** Tags of a thing. */
export type Tags = Map<string, string>;

/** How long things take, in milliseconds. Tests may change them at any time; what has begun keeps its pace. */
export interface Timings {
  /** From the call until the instance runs. */
  runningMs: number;
  /** From running until the public address is shown. */
  publicMs: number;
  /** From the call until lists show an instance at all. */
  seenMs: number;
  /** From the call until an instance can be tagged, or terminated. */
  taggableMs: number;
  /** Until a stop, or a start of a stopped one, is done. */
  powerMs: number;
  /** Until a termination is done. */
  terminatedMs: number;
  /** Until what instances share is known to other calls. */
  partsMs: number;
}

/** What becomes of an instance that was accepted. */
export type Fate =
  | "well"
  /** It stays pending for ever. */
  | "stuck"
  /** It is terminated at launch. */
  | "fails";

/** An instance as the cloud knows it. */
export interface Instance extends HasBehind {
  readonly id: string;
  type: string;
  readonly zone: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly groupIds: readonly string[];
  readonly imageId: string;
  readonly keyName: string | undefined;
  readonly launchIndex: number;
  readonly token: string;
  readonly isSpot: boolean;
  readonly hasPublicAddress: boolean;
  readonly userData: string | undefined;
  readonly metadata: { readonly tokens: string; readonly hopLimit: number };
  readonly diskGiB: number | undefined;
  readonly createdMs: number;
  readonly tags: Tags;
  state: "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
  reason: { readonly code: string; readonly message: string } | undefined;
  publicFromMs: number;
  goneMs: number;
}

/** A part of what instances share. */
interface Part {
  readonly id: string;
  readonly tags: Tags;
  readonly createdMs: number;
}

/** A private network. */
export interface Vpc extends Part {
  readonly range: string;
  readonly isDefault: boolean;
}

/** A part of a private network. */
export interface Subnet extends Part {
  readonly vpcId: string;
  readonly zone: string;
  readonly range: string;
}

/** An internet gateway. */
export interface Gateway extends Part {
  vpcId: string | undefined;
}

/** A VPC's main route table. */
export interface RouteTable extends Part {
  readonly vpcId: string;
  readonly routes: { readonly destination: string; readonly gatewayId: string }[];
}

/** A rule with one source. */
export interface Rule {
  readonly protocol: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly source: { readonly kind: "ipv4" | "group"; readonly value: string };
}

/** A security group. */
export interface Group extends Part {
  readonly name: string;
  readonly vpcId: string;
  rules: readonly Rule[];
}

/** A key pair. */
export interface Key extends Part {
  readonly name: string;
  readonly publicKey: string;
}

/** An account at the cloud, and everything in it. */
export interface Account {
  readonly agenda: Agenda;
  readonly hosts: CloudHosts;
  readonly timings: Timings;
  /** Milliseconds since the epoch at `elapsed` 0. */
  readonly epochMs: number;
  readonly region: string;
  /** How many vCPUs may run. */
  vcpuQuota: number;
  /** How many more instances of a type a zone has room for. */
  roomIn: (zone: string, type: string) => number;
  fateOf: (instance: Instance) => Fate;
  readonly instances: Map<string, Instance>;
  readonly tokens: Map<string, { readonly parameters: string; readonly ids: readonly string[] }>;
  readonly vpcs: Map<string, Vpc>;
  readonly subnets: Map<string, Subnet>;
  readonly gateways: Map<string, Gateway>;
  readonly routeTables: Map<string, RouteTable>;
  readonly groups: Map<string, Group>;
  readonly keys: Map<string, Key>;
  readonly counters: { id: number };
  readonly underWay: Set<Promise<void>>;
  /** What went wrong behind instances. */
  readonly failures: unknown[];
}

/** An id that no other thing of this account has, and the same in every run. */
export function nextId(account: Account, prefix: string): string {
  account.counters.id += 1;
  return `${prefix}-0${account.counters.id.toString(16).padStart(16, "0")}`;
}

/** The tags that a call gives to things of a kind. */
export function tagsIn(query: Query, kind: string): Tags {
  const specs = query.items("TagSpecification").filter((one) => one.text("ResourceType") === kind);
  const tags = new Map(
    specs.flatMap((one) => one.items("Tag").map((tag) => [tag.text("Key"), tag.find("Value") ?? ""])),
  );
  for (const [key, value] of tags)
    if (key.length > 128 || value.length > 256 || key.startsWith("aws:"))
      throw invalid("InvalidParameterValue", `Tag ${key} is not valid`);
  return tags;
}

/** A part that other calls know by now. @throws Refusal with this code. */
export function mustFind<T extends Part>(account: Account, parts: ReadonlyMap<string, T>, id: string, code: string): T {
  const part = parts.get(id);
  if (part && account.agenda.nowMs() >= part.createdMs + account.timings.partsMs) return part;
  throw invalid(code, `The ID '${id}' does not exist`);
}

/** The parts that lists show by now. */
export function seen<T extends Part>(account: Account, parts: ReadonlyMap<string, T>): readonly T[] {
  return [...parts.values()].filter(({ createdMs }) => account.agenda.nowMs() >= createdMs + account.timings.partsMs);
}

/** A point of the clock's time as the API writes it. */
export function timestamp(account: Account, elapsedMs: number): string {
  return new Date(account.epochMs + elapsedMs).toISOString();
}
