import type { Clock } from "../../util/clock.ts";
import type { Machine } from "../provider.ts";
import type { Client } from "./client.ts";
import { type Droplet, deleteDroplet, findDroplet, listDroplets } from "./droplets.ts";
import { machineOf } from "./map.ts";
import { clusterTag } from "./tags.ts";

/** How long a list is good enough to decide by it that a machine is not there. */
const freshMs = 60_000;

interface Known {
  /** As the API listed them. */
  readonly listed: readonly Machine[];
  /** Those of them that were not deleted since, by their names. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** When it was asked for. */
  readonly atMs: number;
}

/** A machine that the API has promised, which lists may not show yet. */
interface Promised {
  readonly machine: Machine;
  readonly atMs: number;
}

/**
 * What is known of the machines of clusters, so that making many takes no list for each call: the lists that somebody asked for
 * anyway, what was promised since, and what was deleted.
 */
export class Inventory {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Known>>();
  readonly #promised = new Map<string, Promised>();
  readonly #deleted = new Set<string>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The machines of a cluster as the API lists them now. Of two droplets with one name the first one made is the machine. */
  async list(clusterId: string, signal: AbortSignal): Promise<readonly Machine[]> {
    return (await this.#ask(clusterId, signal)).listed;
  }

  /** The machines of a cluster by their names, as they are known; the API is asked only if that was long ago. */
  async lookUp(clusterId: string, signal: AbortSignal): Promise<ReadonlyMap<string, Machine>> {
    const known = this.#known.get(clusterId);
    const isFresh = known !== undefined && this.#clock.elapsed() - known.atMs < freshMs;
    const { machines } = isFresh ? known : await this.#askOnce(clusterId, signal);
    return new Map([...machines, ...this.#promisedOf(clusterId)]);
  }

  /** Remembers machines that the API has promised. */
  promise(machines: readonly Machine[]): void {
    for (const machine of machines) this.#promised.set(machine.id, { machine, atMs: this.#clock.elapsed() });
  }

  /** Remembers machines that were deleted; lists may go on showing them for a while. */
  drop(machines: readonly Machine[]): void {
    for (const { id, clusterId } of machines) {
      this.#deleted.add(id);
      this.#promised.delete(id);
      this.forget(clusterId);
    }
  }

  /** Whatever comes next about this cluster asks the API first. */
  forget(clusterId: string): void {
    this.#known.delete(clusterId);
  }

  async #askOnce(clusterId: string, signal: AbortSignal): Promise<Known> {
    const asking =
      this.#asking.get(clusterId) ?? this.#askWell(clusterId, signal).finally(() => this.#asking.delete(clusterId));
    this.#asking.set(clusterId, asking);
    return await asking;
  }

  async #askWell(clusterId: string, signal: AbortSignal): Promise<Known> {
    return await this.#ask(clusterId, signal, (doubles) => this.#removeDoubles(doubles, signal));
  }

  async #ask(
    clusterId: string,
    signal: AbortSignal,
    onDoubles: (doubles: readonly Double[]) => Promise<void> = async () => {},
  ): Promise<Known> {
    const atMs = this.#clock.elapsed();
    const droplets = await listDroplets(this.#client, clusterTag(clusterId), signal);
    const machines = new Map<string, Machine>();
    const doubles: Double[] = [];
    for (const droplet of droplets) {
      const machine = machineOf(droplet, clusterId);
      if (!machine) continue;
      const first = machines.get(machine.name);
      if (!first || this.#deleted.has(first.id)) machines.set(machine.name, machine);
      else doubles.push({ first, second: droplet });
    }
    if (doubles.length > 0) await onDoubles(doubles);
    const alive = new Map([...machines].filter(([, { id }]) => !this.#deleted.has(id)));
    const known = { listed: [...machines.values()], machines: alive, atMs };
    this.#known.set(clusterId, known);
    return known;
  }

  /**
   * Deletes the later ones of droplets with one name: a call whose reply was lost took effect after all, too late to be seen,
   * and was made again. Nobody was ever told of the later one while the first is there.
   */
  async #removeDoubles(doubles: readonly Double[], signal: AbortSignal): Promise<void> {
    for (const { first, second } of doubles) {
      if (this.#deleted.has(String(second.id))) continue;
      const there = await findDroplet(this.#client, first.id, signal);
      if (there) await deleteDroplet(this.#client, String(second.id), signal);
    }
  }

  #promisedOf(clusterId: string): readonly (readonly [string, Machine])[] {
    const now = this.#clock.elapsed();
    for (const [id, { atMs }] of this.#promised) if (now - atMs > freshMs) this.#promised.delete(id);
    const machines = [...this.#promised.values()].map(({ machine }) => machine);
    return machines.filter((machine) => machine.clusterId === clusterId).map((machine) => [machine.name, machine]);
  }
}

interface Double {
  readonly first: Machine;
  readonly second: Droplet;
}
