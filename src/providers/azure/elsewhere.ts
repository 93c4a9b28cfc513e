import { isBeltError, messageOf } from "../../util/errors.ts";
import { faultOf } from "../cloud/fault.ts";
import type { Machine } from "../provider.ts";
import type { Client } from "./client.ts";
import { capacityCodes } from "./refusals.ts";
import { deleteVm, type VmPlace } from "./vms.ts";

/** A machine that Azure has accepted, and what is to be done if it finds no room for it after all. */
export interface Attempt {
  readonly machine: Machine;
  readonly place: VmPlace;
  /** Asks for it in the next zone or size that the file allows; `undefined` where there is none left. */
  readonly next: ((signal: AbortSignal) => Promise<Attempt>) | undefined;
}

/** What a look at the machines has found. */
export interface Sight {
  readonly machines: readonly Machine[];
  /** Azure's word for what went wrong with a machine, by the machine's id. */
  readonly failures: ReadonlyMap<string, string>;
}

interface Following {
  attempt: Attempt;
  /** Whether the machine that found no room is on its way out. */
  isClearing: boolean;
}

/**
 * Machines that found no room, made elsewhere. Azure accepts a machine first and says only later that there is no room for it;
 * the machine stays then, failed. Each look at the machines takes one step: the failed one is deleted, and once it is gone it is
 * asked for where else the file allows. Meanwhile it is a machine that is being made.
 */
export class Elsewhere {
  readonly #client: Client;
  readonly #following = new Map<string, Following>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Follows a machine from here on. */
  watch(attempt: Attempt): void {
    if (attempt.next) this.#following.set(keyOf(attempt.machine), { attempt, isClearing: false });
  }

  /** The machines as they are to be seen, after one step with each that found no room. */
  async follow(clusterId: string, sight: Sight, signal: AbortSignal): Promise<readonly Machine[]> {
    const seen = new Map(sight.machines.map((machine) => [machine.name, machine]));
    for (const [key, following] of this.#following) {
      const { machine } = following.attempt;
      if (machine.clusterId !== clusterId) continue;
      const shown = await this.#step(
        key,
        following,
        { seen: seen.get(machine.name), failures: sight.failures },
        signal,
      );
      if (shown) seen.set(machine.name, shown);
    }
    return [...seen.values()];
  }

  async #step(
    key: string,
    following: Following,
    { seen, failures }: { readonly seen: Machine | undefined; readonly failures: Sight["failures"] },
    signal: AbortSignal,
  ): Promise<Machine | undefined> {
    const { machine, place } = following.attempt;
    const isIt = seen?.id === machine.id;
    if (following.isClearing) return isIt ? underWay(machine) : await this.#goOn(key, following, signal);
    if (!isIt) return seen;
    if (seen.state.kind === "running") this.#following.delete(key);
    if (seen.state.kind !== "failed" || !capacityCodes.test(failures.get(machine.id) ?? "")) return seen;
    await deleteVm(this.#client, place, signal);
    following.isClearing = true;
    return underWay(machine);
  }

  async #goOn(key: string, following: Following, signal: AbortSignal): Promise<Machine> {
    const { machine, next } = following.attempt;
    try {
      const attempt = await next?.(signal);
      if (!attempt) throw new Error("no place is left");
      if (attempt.next) this.#following.set(key, { attempt, isClearing: false });
      else this.#following.delete(key);
      return underWay(attempt.machine);
    } catch (error) {
      signal.throwIfAborted();
      if (isBeltError(error) && error.retryable && faultOf(error) !== undefined) return underWay(machine);
      this.#following.delete(key);
      return { ...machine, state: { kind: "failed", reason: messageOf(error) } };
    }
  }
}

function underWay(machine: Machine): Machine {
  return { ...machine, state: { kind: "creating" } };
}

function keyOf({ clusterId, name }: Machine): string {
  return `${clusterId} ${name}`;
}
