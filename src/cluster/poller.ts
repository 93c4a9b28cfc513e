import type { Machine } from "../providers/provider.ts";
import { BeltError, isBeltError } from "../util/errors.ts";
import type { OpenProvider } from "./fleet.ts";
import type { Dependencies } from "./types.ts";

/** How long a provider may take to give a machine an address. */
const addressDeadlineMs = 10 * 60_000;
/** How long a machine that the provider has promised may be missing from its list. */
const graceMs = 60_000;
/** How many lists in a row may fail before it is given up. */
const maxFailures = 6;
const longestPauseMs = 60_000;

interface Waiter extends PromiseWithResolvers<Machine> {
  readonly until: number;
  /** When it was last on the list, or was promised. */
  seenAt: number;
}

/**
 * Waits for machines to get an address: one `list` a round for all that are waited for, at the provider's own pace, and each
 * machine handed on as soon as it has one. A list that fails is asked for again, each time after a longer pause; once that was
 * tried often enough, or is no use, all who wait fail, and whoever comes later fails at once.
 */
export class Poller {
  readonly #from: OpenProvider;
  readonly #clusterId: string;
  readonly #deps: Pick<Dependencies, "clock" | "random">;
  readonly #waiting = new Map<string, Waiter>();
  #running = false;
  /** What it was given up for: nobody waits for this provider again in this command. */
  #givenUp: { readonly why: unknown } | undefined;

  constructor(from: OpenProvider, clusterId: string, deps: Pick<Dependencies, "clock" | "random">) {
    this.#from = from;
    this.#clusterId = clusterId;
    this.#deps = deps;
  }

  /** @throws BeltError `machine.failed`, `machine.missing`, or `timeout`, each naming the machine; whatever `list` throws in the end. */
  async untilAddressed(machine: Machine, signal: AbortSignal): Promise<Machine> {
    if (hasAddress(machine)) return machine;
    if (this.#givenUp) throw this.#givenUp.why;
    const now = this.#deps.clock.elapsed();
    const waiter = { ...Promise.withResolvers<Machine>(), until: now + addressDeadlineMs, seenAt: now };
    this.#waiting.set(machine.name, waiter);
    if (!this.#running) void this.#poll(signal);
    return await waiter.promise;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    this.#running = true;
    let failures = 0;
    try {
      while (this.#waiting.size > 0) {
        await this.#deps.clock.sleep(this.#pauseMs(failures), signal);
        try {
          this.#handOn(await this.#from.provider.list(this.#clusterId, signal));
          failures = 0;
        } catch (error) {
          failures += 1;
          if (signal.aborted || failures === maxFailures || !mayPass(error)) throw error;
        }
      }
    } catch (error) {
      this.#givenUp = { why: error };
      for (const waiter of this.#waiting.values()) waiter.reject(error);
      this.#waiting.clear();
    } finally {
      this.#running = false;
    }
  }

  #pauseMs(failures: number): number {
    const { pollMs } = this.#from.plugin.pace;
    if (failures === 0) return pollMs;
    return Math.min(longestPauseMs, pollMs * 2 ** failures) * (0.5 + this.#deps.random() / 2);
  }

  #handOn(machines: readonly Machine[]): void {
    const now = this.#deps.clock.elapsed();
    const listed = new Map(machines.map((machine) => [machine.name, machine]));
    for (const [name, waiter] of this.#waiting) {
      const machine = listed.get(name);
      if (machine) waiter.seenAt = now;
      const settled = machine && hasAddress(machine) ? machine : whyNot(name, machine, { waiter, now });
      if (!settled) continue;
      this.#waiting.delete(name);
      if (settled instanceof BeltError) waiter.reject(settled);
      else waiter.resolve(settled);
    }
  }
}

function mayPass(error: unknown): boolean {
  return !isBeltError(error) || error.retryable;
}

function hasAddress(machine: Machine): boolean {
  return machine.state.kind === "running" && (machine.privateAddress ?? machine.publicAddress) !== undefined;
}

/** Why a machine is waited for no longer, if so. */
function whyNot(
  name: string,
  machine: Machine | undefined,
  { waiter, now }: { readonly waiter: Waiter; readonly now: number },
): BeltError | undefined {
  const hint = `See it: belt ls. Remove what is left with \`belt rm ${name} --no-file\`, then run the same command again.`;
  if (machine?.state.kind === "failed")
    return new BeltError("machine.failed", `${name} could not be made: ${machine.state.reason}`, { hint });
  if (!machine && now - waiter.seenAt > graceMs)
    return new BeltError(
      "machine.missing",
      `${name} was accepted by its provider and is gone: its making must have failed there`,
      {
        hint: "Run the same command again: it asks for it anew.",
        retryable: true,
      },
    );
  if (now < waiter.until) return undefined;
  const where = machine?.state.kind === "creating" ? "is still being made" : "has no address";
  return new BeltError("timeout", `${name} ${where} after 10 minutes`, { hint, retryable: true });
}
