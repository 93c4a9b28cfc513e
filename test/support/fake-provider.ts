import { z } from "zod";
import type {
  CreateOutcome,
  Machine,
  MachineRequest,
  MachineState,
  PriceList,
  Problem,
  Provider,
  ProviderPlugin,
  ProviderSpec,
} from "../../src/providers/provider.ts";
import type { Clock } from "../../src/util/clock.ts";
import { BeltError } from "../../src/util/errors.ts";
import { aMachine } from "./world.ts";

/** What goes wrong, and how slowly what goes right does; each is asked anew at every call. */
export interface Faults {
  /** How long a machine is being made, in milliseconds. */
  readonly makingMs?: number;
  /** How long one is still listed after its removal began. */
  readonly removingMs?: number;
  /** What a request is refused with, if it is; `attempt` counts the requests for this name from 1. */
  readonly refuse?: (name: string, attempt: number) => Error | undefined;
  /** Why a machine that was promised cannot be made, if so; `making` counts the machines of this name from 1. */
  readonly fail?: (name: string, making: number) => string | undefined;
  /** Why a machine that ran is called failed by now, if so. */
  readonly breakDown?: (name: string) => string | undefined;
  /** What the removal of a machine fails with, if it does. */
  readonly failRemove?: (name: string) => Error | undefined;
  /** Whether a machine is promised and never seen again. */
  readonly lose?: (name: string) => boolean;
  /** What a create call breaks off with before it takes effect, if it does; `call` counts the calls from 1. */
  readonly breakOff?: (call: number) => Error | undefined;
  /** What a create call fails with although it took effect, if it does. */
  readonly loseReply?: (call: number) => Error | undefined;
  /** What a list fails with, if it does. */
  readonly failList?: (call: number) => Error | undefined;
}

interface Made {
  readonly machine: Machine;
  readonly runsAt: number;
  readonly fails: string | undefined;
  readonly lost: boolean;
  /** When a machine that is being removed is gone. */
  readonly goneAt: number | undefined;
}

/** How long a call takes, in milliseconds: time that its promise takes on the clock. */
interface FakePace {
  readonly callMs: number;
}

/** A provider in memory that makes machines in bulk, ten a call, on a clock that it is given, and keeps count of everything. */
export class FakeProvider {
  faults: Faults = {};
  hostKeys: ProviderPlugin["hostKeys"] = "each";
  /** How long a call that was cut off may still take effect. */
  settleMs: number | undefined;
  /** What a machine costs an hour, by its size; sizes that are not here have no price. */
  prices: Readonly<Record<string, number>> | undefined;
  /** What is not as it should be among what its machines share. */
  amiss: readonly string[] = [];
  /** How often that was put right. */
  ensured = 0;
  /** The names of each create call, in order. */
  readonly creates: (readonly string[])[] = [];
  /** The names of each remove call, in order. */
  readonly removes: (readonly string[])[] = [];
  lists = 0;
  /** How often a machine of a name was really made. */
  readonly made = new Map<string, number>();
  readonly #machines = new Map<string, Made>();
  readonly #attempts = new Map<string, number>();
  readonly #clock: Clock;
  readonly #callMs: number;

  constructor(clock: Clock, { callMs }: FakePace = { callMs: 1000 }) {
    this.#clock = clock;
    this.#callMs = callMs;
  }

  get plugin(): ProviderPlugin {
    return {
      name: "fake",
      title: "Machines in memory",
      hostKeys: this.hostKeys,
      firewall: "none",
      pace: {
        ...{ pollMs: 5000, batch: 10, parallel: 2 },
        ...(this.settleMs === undefined ? {} : { settleMs: this.settleMs }),
      },
      options: z.strictObject({}),
      describe: () => ({ image: "fake-image", region: "memory", defaultSize: "small" }),
      open: async () => this.open(),
    };
  }

  open(): Provider {
    return {
      name: "fake",
      check: async (spec) => check(spec),
      list: async (clusterId) => this.#list(clusterId),
      create: async (requests, signal) => {
        await this.#clock.sleep(this.#callMs, signal);
        return this.#create(requests);
      },
      remove: async (machines) => {
        this.removes.push(machines.map(({ name }) => name));
        return machines.map((machine) => {
          const error = this.faults.failRemove?.(machine.name);
          if (error) return { kind: "failed", machine, error };
          this.#remove(machine);
          return { kind: "removed", machine };
        });
      },
      ...(this.prices ? { prices: priceList(this.prices) } : {}),
      shared: {
        inspect: async () => this.amiss,
        ensure: async () => {
          this.ensured += 1;
          this.amiss = [];
        },
        remove: async () => {},
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #list(clusterId: string): readonly Machine[] {
    this.lists += 1;
    const error = this.faults.failList?.(this.lists);
    if (error) throw error;
    const all = [...this.#machines.keys()].flatMap((key) => this.#known(key) ?? []);
    return all
      .filter(({ machine, lost }) => machine.clusterId === clusterId && !lost)
      .map((made) => this.#asListed(made));
  }

  #create(requests: readonly MachineRequest[]): readonly CreateOutcome[] {
    this.creates.push(requests.map(({ name }) => name));
    const call = this.creates.length;
    const broken = this.faults.breakOff?.(call);
    if (broken) throw broken;
    const outcomes = requests.map((request) => this.#createOne(request));
    const lost = this.faults.loseReply?.(call);
    if (lost) throw lost;
    return outcomes;
  }

  #createOne(request: MachineRequest): CreateOutcome {
    const { name } = request;
    const attempt = (this.#attempts.get(name) ?? 0) + 1;
    this.#attempts.set(name, attempt);
    const known = this.#known(keyOf(request));
    if (known && !known.lost) return { kind: "exists", machine: this.#asListed(known) };
    const error = this.faults.refuse?.(name, attempt) ?? unknownSize(request.size);
    if (error) return { kind: "refused", name, error };
    return { kind: "accepted", machine: this.#asListed(this.#make(request)) };
  }

  #make({ name, group, clusterId, clusterName, size, specHash, hostKey }: MachineRequest): Made {
    const making = (this.made.get(name) ?? 0) + 1;
    this.made.set(name, making);
    const number = [...this.made.values()].reduce((sum, count) => sum + count, 0);
    const address = `10.${Math.floor(number / 65_536)}.${Math.floor(number / 256) % 256}.${number % 256}`;
    const made = {
      machine: aMachine(
        name,
        { kind: "creating" },
        {
          ...{ id: `m-${number}`, group, clusterId, clusterName, specHash, provider: "fake", size: size ?? "small" },
          ...{ image: "fake-image", region: "memory", publicAddress: address, privateAddress: address },
          ...{ hostKey: hostKey.publicKey, createdAt: new Date(this.#clock.now()).toISOString() },
        },
      ),
      runsAt: this.#clock.elapsed() + (this.faults.makingMs ?? 0),
      fails: this.faults.fail?.(name, making),
      lost: this.faults.lose?.(name) ?? false,
      goneAt: undefined,
    };
    this.#machines.set(keyOf(made.machine), made);
    return made;
  }

  #remove(machine: Machine): void {
    const key = keyOf(machine);
    const known = this.#machines.get(key);
    if (known?.machine.id !== machine.id) return;
    const goneAt = known.goneAt ?? this.#clock.elapsed() + (this.faults.removingMs ?? 0);
    this.#machines.set(key, { ...known, goneAt });
  }

  /** What is there under a key; one whose removal is over is not. */
  #known(key: string): Made | undefined {
    const known = this.#machines.get(key);
    return known?.goneAt !== undefined && known.goneAt <= this.#clock.elapsed() ? undefined : known;
  }

  #asListed(made: Made): Machine {
    const state = this.#stateOf(made);
    const address = state.kind === "creating" ? { publicAddress: undefined, privateAddress: undefined } : {};
    return { ...made.machine, ...address, state };
  }

  #stateOf({ machine, runsAt, fails, goneAt }: Made): MachineState {
    if (goneAt !== undefined) return { kind: "removing" };
    if (this.#clock.elapsed() < runsAt) return { kind: "creating" };
    const reason = fails ?? this.faults.breakDown?.(machine.name);
    return reason === undefined ? { kind: "running" } : { kind: "failed", reason };
  }
}

function keyOf({ clusterId, name }: Pick<Machine, "clusterId" | "name">): string {
  return `${clusterId}/${name}`;
}

function check({ requests }: ProviderSpec): readonly Problem[] {
  return requests.flatMap(({ size }) => {
    const error = unknownSize(size);
    return error ? [{ message: error.message, hint: error.hint ?? "" }] : [];
  });
}

function unknownSize(size: string | undefined): BeltError | undefined {
  if (size === undefined || size === "small" || size === "large") return undefined;
  return new BeltError("provider.refused", `there is no size ${size}`, { hint: "Take small or large." });
}

function priceList(prices: Readonly<Record<string, number>>): PriceList {
  return { currency: "USD", hourly: async (machines) => machines.map(({ size = "small" }) => prices[size]) };
}
