import type { Machine } from "../providers/provider.ts";
import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import type { OpenProvider } from "./fleet.ts";

/** How long a provider may take to give a machine an address. */
const addressDeadlineMs = 10 * 60_000;

/**
 * Waits for machines to get an address: one `list` a round for all that are waited for, at the provider's own pace, and each
 * machine handed on as soon as it has one.
 */
export class Poller {
  readonly #from: OpenProvider;
  readonly #clusterId: string;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, PromiseWithResolvers<Machine>>();
  #running = false;

  constructor(from: OpenProvider, clusterId: string, clock: Clock) {
    this.#from = from;
    this.#clusterId = clusterId;
    this.#clock = clock;
  }

  /** @throws BeltError `machine.failed`, `machine.missing`, or `timeout`, each naming the machine. */
  async untilAddressed(machine: Machine, signal: AbortSignal): Promise<Machine> {
    if (hasAddress(machine)) return machine;
    const waiter = Promise.withResolvers<Machine>();
    this.#waiting.set(machine.name, waiter);
    if (!this.#running) void this.#poll(signal);
    return await waiter.promise;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    this.#running = true;
    const until = this.#clock.elapsed() + addressDeadlineMs;
    try {
      while (this.#waiting.size > 0 && this.#clock.elapsed() < until) {
        await this.#clock.sleep(this.#from.plugin.pace.pollMs, signal);
        this.#handOn(await this.#from.provider.list(this.#clusterId, signal));
      }
      this.#giveUp((name) => new BeltError("timeout", `${name} has no address after 10 minutes`, { retryable: true }));
    } catch (error) {
      this.#giveUp(() => error);
    } finally {
      this.#running = false;
    }
  }

  #handOn(machines: readonly Machine[]): void {
    for (const machine of machines) {
      const waiter = this.#waiting.get(machine.name);
      if (!waiter) continue;
      if (machine.state.kind === "failed") waiter.reject(failed(machine.name, machine.state.reason));
      else if (hasAddress(machine)) waiter.resolve(machine);
      else continue;
      this.#waiting.delete(machine.name);
    }
  }

  #giveUp(why: (name: string) => unknown): void {
    for (const [name, waiter] of this.#waiting) waiter.reject(why(name));
    this.#waiting.clear();
  }
}

function hasAddress(machine: Machine): boolean {
  return machine.state.kind === "running" && (machine.privateAddress ?? machine.publicAddress) !== undefined;
}

function failed(name: string, reason: string): BeltError {
  return new BeltError("machine.failed", `${name} could not be made: ${reason}`, {
    hint: `Remove it with \`belt rm ${name}\`, then run the same command again.`,
  });
}
