import type { Clock } from "../../util/clock.ts";
import type { Machine } from "../provider.ts";

/** How long a list is good enough to decide by it that a machine is not there. */
const freshMs = 60_000;

/** What an inventory asks. */
export interface InventorySource {
  /** Whether lists may lack for a while what the API has promised: it is there all the same. */
  readonly isLate?: true;
  /** All machines of a cluster as the API lists them now, those first that were made first; a name may be there twice. */
  list(clusterId: string, signal: AbortSignal): Promise<readonly Machine[]>;
  /** Deletes the later one of two machines with one name, if the first one is still there. */
  removeDouble(double: Double, signal: AbortSignal): Promise<void>;
}

/** Two machines with one name: a call whose reply was lost took effect after all, too late to be seen, and was made again. */
export interface Double {
  readonly first: Machine;
  readonly second: Machine;
}

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
  readonly #source: InventorySource;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Known>>();
  readonly #promised = new Map<string, Promised>();
  readonly #deleted = new Set<string>();

  constructor(source: InventorySource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** The machines of a cluster as the API lists them now. Of two with one name the first one made is the machine. */
  async list(clusterId: string, signal: AbortSignal): Promise<readonly Machine[]> {
    const { listed } = await this.#ask(clusterId, signal);
    if (!this.#source.isLate) return listed;
    const names = new Set(listed.filter((machine) => !isLost(machine)).map(({ name }) => name));
    const late = this.#promisedOf(clusterId).flatMap(([name, machine]) => (names.has(name) ? [] : [machine]));
    const lateNames = new Set(late.map(({ name }) => name));
    return [...listed.filter(({ name }) => !lateNames.has(name)), ...late];
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
    const machines = new Map<string, Machine>();
    const doubles: Double[] = [];
    for (const machine of await this.#source.list(clusterId, signal)) {
      const first = machines.get(machine.name);
      if (!first || this.#deleted.has(first.id) || isLost(first)) machines.set(machine.name, machine);
      else if (!isLost(machine)) doubles.push({ first, second: machine });
    }
    if (doubles.length > 0) await onDoubles(doubles);
    const alive = new Map([...machines].filter(([, { id }]) => !this.#deleted.has(id)));
    const known = { listed: [...machines.values()], machines: alive, atMs };
    for (const { id } of known.listed) this.#promised.delete(id);
    this.#known.set(clusterId, known);
    return known;
  }

  /** Nobody was ever told of the later one of a double while the first is there. */
  async #removeDoubles(doubles: readonly Double[], signal: AbortSignal): Promise<void> {
    for (const double of doubles)
      if (!this.#deleted.has(double.second.id)) await this.#source.removeDouble(double, signal);
  }

  #promisedOf(clusterId: string): readonly (readonly [string, Machine])[] {
    const now = this.#clock.elapsed();
    for (const [id, { atMs }] of this.#promised) if (now - atMs > freshMs) this.#promised.delete(id);
    const machines = [...this.#promised.values()].map(({ machine }) => machine);
    return machines.filter((machine) => machine.clusterId === clusterId).map((machine) => [machine.name, machine]);
  }
}

/** One that failed, or is on its way out, holds its name only until another one has it. */
function isLost({ state }: Machine): boolean {
  return state.kind === "failed" || state.kind === "removing";
}
