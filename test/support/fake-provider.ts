import { z } from "zod";
import type { CreateOutcome, Machine, MachineRequest, Provider, ProviderPlugin } from "../../src/providers/provider.ts";
import type { Clock } from "../../src/util/clock.ts";
import { BeltError } from "../../src/util/errors.ts";
import { aMachine } from "./world.ts";

/** What goes wrong, and how slowly what goes right does; each is asked anew at every call. */
export interface Faults {
  /** How long a machine is being made, in milliseconds. */
  readonly makingMs?: number;
  /** What a request is refused with, if it is; `attempt` counts the requests for this name from 1. */
  readonly refuse?: (name: string, attempt: number) => Error | undefined;
  /** Whether a machine is promised and never seen again. */
  readonly lose?: (name: string) => boolean;
  /** Whether a call takes effect and its reply is lost; `call` counts the calls from 1. */
  readonly loseReply?: (call: number) => boolean;
  /** What a list fails with, if it does. */
  readonly failList?: (call: number) => Error | undefined;
}

interface Made {
  readonly machine: Machine;
  readonly runsAt: number;
  readonly lost: boolean;
}

/** A provider in memory that makes machines in bulk, ten a call, on a test's clock, and keeps count of everything. */
export class FakeProvider {
  faults: Faults = {};
  /** The names of each create call, in order. */
  readonly creates: (readonly string[])[] = [];
  lists = 0;
  /** How often a machine of a name was really made. */
  readonly made = new Map<string, number>();
  readonly #machines = new Map<string, Made>();
  readonly #attempts = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get plugin(): ProviderPlugin {
    return {
      name: "fake",
      title: "Machines in memory",
      hostKeys: "each",
      firewall: "none",
      pace: { pollMs: 5000, batch: 10, parallel: 2 },
      options: z.strictObject({}),
      describe: () => ({ image: "", region: "", defaultSize: "" }),
      open: async () => this.#open(),
    };
  }

  #open(): Provider {
    return {
      name: "fake",
      check: async () => [],
      list: async (clusterId) => this.#list(clusterId),
      create: async (requests, signal) => {
        await this.#clock.sleep(1000, signal); // a call takes its time
        return this.#create(requests);
      },
      remove: async (machines) =>
        machines.map((machine) => {
          this.#machines.delete(machine.name);
          return { kind: "removed", machine };
        }),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #list(clusterId: string): readonly Machine[] {
    this.lists += 1;
    const error = this.faults.failList?.(this.lists);
    if (error) throw error;
    const all = [...this.#machines.values()].filter(({ machine, lost }) => machine.clusterId === clusterId && !lost);
    return all.map((made) => this.#now(made));
  }

  #create(requests: readonly MachineRequest[]): readonly CreateOutcome[] {
    this.creates.push(requests.map(({ name }) => name));
    const outcomes = requests.map((request) => this.#createOne(request));
    if (this.faults.loseReply?.(this.creates.length))
      throw new BeltError("provider.unavailable", "the connection was cut", { retryable: true });
    return outcomes;
  }

  #createOne({ name, group, clusterId, clusterName }: MachineRequest): CreateOutcome {
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    const known = this.#machines.get(name);
    if (known && !known.lost) return { kind: "exists", machine: this.#now(known) };
    const error = this.faults.refuse?.(name, attempt);
    if (error) return { kind: "refused", name, error };
    this.made.set(name, (this.made.get(name) ?? 0) + 1);
    const runsAt = this.#clock.elapsed() + (this.faults.makingMs ?? 0);
    const number = [...this.made.values()].reduce((sum, count) => sum + count, 0);
    const machine = aMachine(
      name,
      { kind: "creating" },
      { id: `m-${number}`, group, clusterId, clusterName, provider: "fake" },
    );
    const made = { machine, runsAt, lost: this.faults.lose?.(name) ?? false };
    this.#machines.set(name, made);
    return { kind: "accepted", machine: this.#now(made) };
  }

  #now({ machine, runsAt }: Made): Machine {
    if (this.#clock.elapsed() >= runsAt) return { ...machine, state: { kind: "running" } };
    return { ...machine, publicAddress: undefined, privateAddress: undefined };
  }
}
