import type { Agenda } from "../agenda.ts";
import type { CloudHosts } from "../hosts.ts";

/** How long things take, in milliseconds. Tests may change them at any time; what has begun keeps its pace. */
export interface Timings {
  /** From a machine's PUT until it is known whether there is room for it. */
  allocatedMs: number;
  /** From a machine's PUT until it is made. */
  createdMs: number;
  /** From a machine's PUT until its interface shows addresses. */
  addressMs: number;
  /** Starting, stopping, restarting, resizing. */
  actionMs: number;
  /** From a machine's DELETE until it is gone. */
  deletedMs: number;
  /** Networks and what belongs to them. */
  networkMs: number;
  /** A resource group's DELETE. */
  groupMs: number;
  /** Until the index of tags knows of something new. */
  indexMs: number;
}

/** What becomes of a machine that was accepted. */
export type Fate =
  | "well"
  /** There is no room for it: it stays, failed. */
  | "no-room"
  /** It stays `Creating` for ever. */
  | "stuck";

/** Where and how somebody wants a machine. */
export interface Wish {
  readonly name: string;
  readonly size: string;
  readonly zone: string | undefined;
}

/** Anything in a resource group but a machine. */
export interface Resource {
  readonly kind: "networkSecurityGroups" | "virtualNetworks" | "networkInterfaces" | "publicIPAddresses" | "disks";
  readonly group: string;
  readonly name: string;
  location: string;
  tags: Readonly<Record<string, string>>;
  /** As it was sent; what Azure adds is added when it is shown. */
  properties: Readonly<Record<string, unknown>>;
  readonly madeMs: number;
  /** When it is ready. */
  readyMs: number;
  /** The machine that it goes with, by its number; `undefined` if it goes with none. */
  goesWith: number | undefined;
}

/** A machine as the cloud knows it. */
export interface Vm {
  readonly number: number;
  readonly vmId: string;
  readonly group: string;
  readonly name: string;
  readonly location: string;
  readonly zone: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  size: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly hasPublicAddress: boolean;
  readonly interfaceName: string;
  state: "Creating" | "Succeeded" | "Updating" | "Deleting" | "Failed";
  power: "running" | "deallocated" | "starting" | "deallocating" | "none";
  hasDisk: boolean;
  failure: { readonly code: string; readonly message: string } | undefined;
  readonly madeMs: number;
  /** What is being done to the machine behind it, one thing after the other. */
  behind: Promise<void>;
}

/** A long-running operation. */
export interface Operation {
  readonly id: string;
  readonly startedMs: number;
  status: "InProgress" | "Succeeded" | "Failed";
  error: { readonly code: string; readonly message: string } | undefined;
}

/** A resource group. */
export interface Group {
  readonly name: string;
  readonly location: string;
  tags: Readonly<Record<string, string>>;
  state: "Succeeded" | "Deleting";
}

/** A subscription, and everything in it. */
export interface Subscription {
  readonly id: string;
  readonly agenda: Agenda;
  readonly hosts: CloudHosts;
  readonly timings: Timings;
  /** Milliseconds since the epoch at `elapsed` 0. */
  readonly epochMs: number;
  fateOf: (wish: Wish) => Fate;
  /** Cores that may be used in all, and of each family. */
  cores: number;
  /** Whether public addresses may be made within a machine's own PUT. */
  takesInlineAddresses: boolean;
  /** By their names in small letters. */
  readonly groups: Map<string, Group>;
  /** By `group/kind/name` in small letters. */
  readonly resources: Map<string, Resource>;
  /** By `group/name` in small letters. */
  readonly vms: Map<string, Vm>;
  readonly operations: Map<string, Operation>;
  readonly counters: { vm: number; operation: number };
  readonly underWay: Set<Promise<void>>;
  readonly failures: unknown[];
}

/** The key of something in a resource group. */
export function keyOf(...parts: readonly string[]): string {
  return parts.join("/").toLowerCase();
}

/** A UUID that follows from a number. */
export function uuidOf(number: number): string {
  return `7c4981aa-9653-4bd1-bef5-${number.toString(16).padStart(12, "0")}`;
}

/** The id of something, as Azure writes it. */
export function idOf({ id }: Subscription, group: string, path: string): string {
  return `/subscriptions/${id}/resourceGroups/${group}/providers/${path}`;
}

/** The id of a machine. */
export function vmIdOf(subscription: Subscription, { group, name }: Pick<Vm, "group" | "name">): string {
  return idOf(subscription, group, `Microsoft.Compute/virtualMachines/${name}`);
}
