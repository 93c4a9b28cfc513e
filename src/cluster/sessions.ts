import type { Machine } from "../providers/provider.ts";
import { createConnect } from "../ssh/connect.ts";
import { connectWithin } from "../ssh/connect-within.ts";
import type { Connection, Target } from "../ssh/connection.ts";
import type { Engine } from "../swarm/engine.ts";
import { openEngine } from "../swarm/engine-client.ts";
import type { Clock } from "../util/clock.ts";
import { BeltError } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import type { Dependencies } from "./types.ts";

/** Where the engine listens on every machine. */
export const engineSocket = "/var/run/docker.sock";

/** A machine that is reached: its one connection, and its engine's API over that connection. */
export interface Session {
  readonly machine: Machine;
  readonly connection: Connection;
  readonly engine: Engine;
}

/** Opens a connection within a time, trying again while the machine boots. */
export type Reach = (target: Target, deadlineMs: number, signal: AbortSignal) => Promise<Connection>;

/** The real {@link Reach}. */
export function reachWith({ clock, random }: Pick<Dependencies, "clock" | "random">): Reach {
  const connect = createConnect({ clock });
  return (target, deadlineMs, signal) => connectWithin(connect, target, { deadlineMs, clock, random }, signal);
}

interface SessionsOptions {
  readonly reach: Reach;
  readonly privateKey: () => Promise<Secret>;
  /** The host keys that a machine was given at creation, by the machine's name. */
  readonly hostKeys: (name: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

/** One connection a machine, opened at first use, shared by all that the command does there, closed at its end. */
export class Sessions implements AsyncDisposable {
  readonly #options: SessionsOptions;
  readonly #open = new Map<string, Promise<Session>>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** @throws BeltError `ssh.*` naming the machine, `machine.stopped`, `machine.missing`. */
  open(machine: Machine, deadlineMs: number, signal: AbortSignal): Promise<Session> {
    const known = this.#open.get(machine.name);
    if (known) return known;
    const opening = this.#start(machine, deadlineMs, signal);
    this.#open.set(machine.name, opening);
    opening.catch(() => this.#open.delete(machine.name)); // a later try starts anew
    return opening;
  }

  /** Forgets a machine's connection, because it was powered off or removed. */
  async drop(name: string): Promise<void> {
    const known = this.#open.get(name);
    this.#open.delete(name);
    if (known) await close(known);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map(close));
    this.#open.clear();
  }

  async #start(machine: Machine, deadlineMs: number, signal: AbortSignal): Promise<Session> {
    const address = machine.publicAddress ?? machine.privateAddress;
    if (machine.state.kind === "stopped")
      throw new BeltError("machine.stopped", `${machine.name} is stopped`, {
        hint: `Start it: belt start ${machine.name}`,
      });
    if (!address) throw new BeltError("machine.missing", `${machine.name} has no address yet`, { retryable: true });
    const pinned = await this.#options.hostKeys(machine.name);
    const target: Target = {
      name: machine.name,
      address,
      port: machine.port,
      user: machine.user,
      privateKey: await this.#options.privateKey(),
      // What the provider vouches for is as good as what was pinned at creation, and survives a lost folder.
      hostKeys: pinned.length > 0 || machine.hostKey === undefined ? pinned : [machine.hostKey],
    };
    const connection = await this.#options.reach(target, deadlineMs, signal);
    const dial = (inner: AbortSignal) => connection.openSocket(engineSocket, inner);
    return { machine, connection, engine: openEngine({ name: machine.name, dial, clock: this.#options.clock }) };
  }
}

async function close(opening: Promise<Session>): Promise<void> {
  const session = await opening.catch(() => undefined);
  if (!session) return;
  await session.engine[Symbol.asyncDispose]();
  await session.connection[Symbol.asyncDispose]();
}
