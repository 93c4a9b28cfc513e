import type { Clock } from "../../util/clock.ts";
import { mapBounded } from "../../util/concurrency.ts";
import type { Machine } from "../provider.ts";
import { type Addresses, listAddresses } from "./addresses.ts";
import type { Client } from "./client.ts";
import type { Elsewhere } from "./elsewhere.ts";
import { machineOf, type Power, wasMade } from "./map.ts";
import type { Places } from "./places.ts";
import { readMarks } from "./tags.ts";
import { listStatuses, listVms, readStatus, type Vm, type VmPlace, type VmStatus } from "./vms.ts";

/** How long it is good enough to know that a machine was on, or why it failed. */
const freshMs = 60_000;

interface Context {
  readonly client: Client;
  readonly clock: Clock;
  readonly places: Places;
  readonly elsewhere: Elsewhere;
}

interface Noted<T> {
  readonly value: T;
  readonly atMs: number;
}

/**
 * What is known of the machines of clusters. A list of machines says neither their addresses nor whether they are on: those are
 * asked for only where they are not known yet, for all machines at once.
 */
export class Inventory {
  readonly #context: Context;
  /** By the machines' own ids. */
  readonly #addresses = new Map<string, Addresses>();
  readonly #powers = new Map<string, Noted<Power>>();
  readonly #failures = new Map<string, Noted<VmStatus>>();
  readonly #creating = new Set<string>();
  readonly #placed = new Map<string, VmPlace>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** The machines of a cluster as they are now. */
  async list(clusterId: string, signal: AbortSignal): Promise<readonly Machine[]> {
    const { places, client, elsewhere } = this.#context;
    const groups = await places.groupsOf(clusterId, signal);
    const lists = await Promise.all(
      groups.map(async (resourceGroup) => {
        const vms = await listVms(client, resourceGroup, signal);
        const own = vms.filter((vm) => readMarks(clusterId, vm.tags ?? {}) !== undefined);
        return await this.#known(clusterId, resourceGroup, own, signal);
      }),
    );
    const failures = new Map([...this.#failures].map(([id, { value }]) => [id, value.failure?.id ?? ""]));
    return await elsewhere.follow(clusterId, { machines: lists.flat(), failures }, signal);
  }

  /** Remembers a machine that Azure has accepted. */
  promise(machine: Machine, place: VmPlace): void {
    this.#creating.add(machine.id);
    this.#placed.set(machine.id, place);
  }

  /** Remembers what was done to a machine's power. */
  notePower({ id }: Machine, power: Power): void {
    this.#powers.set(id, { value: power, atMs: this.#context.clock.elapsed() });
  }

  /** Where a machine is; `undefined` if it is gone. */
  async placeOf(machine: Machine, signal: AbortSignal): Promise<VmPlace | undefined> {
    if (!this.#placed.has(machine.id)) await this.list(machine.clusterId, signal);
    return this.#placed.get(machine.id);
  }

  /** Those of some machines that are there, with their places: one list for all. */
  async present(
    clusterId: string,
    machines: readonly Machine[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, VmPlace>> {
    const { places, client } = this.#context;
    const wanted = new Set(machines.map(({ id }) => id));
    const groups = await places.groupsOf(clusterId, signal);
    const found = await Promise.all(
      groups.map(async (resourceGroup) =>
        (await listVms(client, resourceGroup, signal)).map(
          ({ vmId, name }) => [vmId, { resourceGroup, name }] as const,
        ),
      ),
    );
    return new Map(found.flat().filter(([id]) => wanted.has(id)));
  }

  async #known(
    clusterId: string,
    resourceGroup: string,
    vms: readonly Vm[],
    signal: AbortSignal,
  ): Promise<readonly Machine[]> {
    this.#notePlaces(resourceGroup, vms);
    const settled = vms.filter(isSettled);
    await this.#askPowers(settled, signal);
    await this.#askAddresses(resourceGroup, settled, signal);
    await this.#askFailures(resourceGroup, vms, signal);
    return vms.flatMap((vm) => {
      const { publicAddress, privateAddress } = this.#addresses.get(vm.vmId) ?? {};
      const failure = this.#failures.get(vm.vmId)?.value.failure;
      const reason = failure && `${failure.message} (${failure.id})`;
      const power = this.#powers.get(vm.vmId)?.value;
      return machineOf(vm, clusterId, { power, publicAddress, privateAddress, reason }) ?? [];
    });
  }

  #notePlaces(resourceGroup: string, vms: readonly Vm[]): void {
    for (const { vmId, name, provisioningState } of vms) {
      this.#placed.set(vmId, { resourceGroup, name });
      if (provisioningState === "Creating") this.#creating.add(vmId);
    }
  }

  /** A machine that was being made a moment ago, and is there now, is on. */
  async #askPowers(vms: readonly Vm[], signal: AbortSignal): Promise<void> {
    const atMs = this.#context.clock.elapsed();
    for (const { vmId, provisioningState } of vms)
      if (this.#creating.delete(vmId) && provisioningState === "Succeeded")
        this.#powers.set(vmId, { value: "on", atMs });
    if (vms.every(({ vmId }) => this.#isFresh(this.#powers.get(vmId)))) return;
    const statuses = await listStatuses(this.#context.client, signal);
    for (const { vmId, id } of vms) {
      const power = statuses.get(id.toLowerCase())?.power;
      if (power !== undefined) this.#powers.set(vmId, { value: power, atMs });
    }
  }

  async #askAddresses(resourceGroup: string, vms: readonly Vm[], signal: AbortSignal): Promise<void> {
    const isComplete = ({ vmId, tags }: Vm): boolean => {
      const known = this.#addresses.get(vmId);
      const isPrivate = tags?.["belt-reach"] === "private";
      return known?.privateAddress !== undefined && (isPrivate || known.publicAddress !== undefined);
    };
    if (vms.every(isComplete)) return;
    const found = await listAddresses(this.#context.client, resourceGroup, signal);
    for (const { vmId, id } of vms) {
      const addresses = found.get(id.toLowerCase());
      if (addresses) this.#addresses.set(vmId, addresses);
    }
  }

  async #askFailures(resourceGroup: string, vms: readonly Vm[], signal: AbortSignal): Promise<void> {
    const failed = vms.filter((vm) => isFailed(vm) && !wasMade(vm) && !this.#isFresh(this.#failures.get(vm.vmId)));
    const atMs = this.#context.clock.elapsed();
    await mapBounded(failed, 8, async ({ vmId, name }) => {
      const value = await readStatus(this.#context.client, { resourceGroup, name }, signal);
      this.#failures.set(vmId, { value, atMs });
    });
  }

  #isFresh(noted: Noted<unknown> | undefined): boolean {
    return noted !== undefined && this.#context.clock.elapsed() - noted.atMs < freshMs;
  }
}

function isFailed({ provisioningState }: Vm): boolean {
  return provisioningState === "Failed" || provisioningState === "Canceled";
}

/** Whether a machine is made, whatever was done to it since. */
function isSettled(vm: Vm): boolean {
  if (vm.provisioningState === "Creating" || vm.provisioningState === "Deleting") return false;
  return !isFailed(vm) || wasMade(vm);
}
