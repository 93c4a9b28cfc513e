import type { Machine } from "../providers/provider.ts";
import { connectWithin } from "../ssh/connect-within.ts";
import type { Connection, Target } from "../ssh/connection.ts";
import type { OwnHost } from "../ssh/openssh/own-host.ts";
import type { Engine } from "../swarm/engine.ts";
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
export function reachWith({ connect, clock, random }: Pick<Dependencies, "connect" | "clock" | "random">): Reach {
  return (target, deadlineMs, signal) => connectWithin(connect, target, { deadlineMs, clock, random }, signal);
}

/** The real way to log in as the operator, whose OpenSSH is started only then. */
export function operatorLogin({ clock, env }: Pick<Dependencies, "clock" | "env">): SessionsOptions["asOperator"] {
  return async ({ name, user }, host, signal) => {
    const { connectAsOperator } = await import("../ssh/openssh/connect-as-operator.ts");
    return await connectAsOperator({ name, host, user, hostKeys: "strict" }, { clock, env }, signal);
  };
}

interface SessionsOptions {
  readonly reach: Reach;
  readonly privateKey: () => Promise<Secret>;
  /** The host keys that a machine was given at creation, by the machine's name. */
  readonly hostKeys: (name: string) => Promise<readonly string[]>;
  readonly clock: Clock;
  /** Logs in as the operator does, on a host that has nothing of the cluster's on it. */
  readonly asOperator: (machine: Machine, way: OwnHost, signal: AbortSignal) => Promise<Connection>;
  /** The jump hosts on the way to machines without a public address. */
  readonly jump?: string | undefined;
}

/** One connection a machine, opened at first use, shared by all that the command does there, closed at its end. */
export class Sessions implements AsyncDisposable {
  readonly #options: SessionsOptions;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #sessions = new Map<string, Promise<Session>>();
  /** Ends what is still on its way to a machine that does not answer. */
  readonly #closing = new AbortController();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * The connection alone, for what needs no engine.
   *
   * @throws BeltError `ssh.*` naming the machine, `machine.stopped`, `machine.missing`.
   */
  connect(machine: Machine, deadlineMs: number, signal: AbortSignal): Promise<Connection> {
    return remembered(this.#connections, machine.name, () => this.#reach(machine, deadlineMs, signal));
  }

  /** The connection with the engine behind it. @throws BeltError like `connect`. */
  open(machine: Machine, deadlineMs: number, signal: AbortSignal): Promise<Session> {
    return remembered(this.#sessions, machine.name, async () => {
      const connection = await this.connect(machine, deadlineMs, signal);
      const { openEngine } = await import("../swarm/engine-client.ts");
      const dial = (inner: AbortSignal) => connection.openSocket(engineSocket, inner);
      return { machine, connection, engine: openEngine({ name: machine.name, dial, clock: this.#options.clock }) };
    });
  }

  /**
   * A connection of its own beside the shared one, for proving that the way there is open; whoever asks for it closes it.
   *
   * @throws BeltError like `connect`.
   */
  fresh(machine: Machine, deadlineMs: number, signal: AbortSignal): Promise<Connection> {
    return this.#reach(machine, deadlineMs, signal);
  }

  /** Forgets a machine's connection, because it was powered off or removed. */
  async drop(name: string): Promise<void> {
    const session = this.#sessions.get(name);
    const connection = this.#connections.get(name);
    this.#sessions.delete(name);
    this.#connections.delete(name);
    await (await session?.catch(() => undefined))?.engine[Symbol.asyncDispose]();
    await (await connection?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new BeltError("ssh.closed", "the command is over"));
    await Promise.all([...this.#connections.keys()].map((name) => this.drop(name)));
  }

  async #reach(machine: Machine, deadlineMs: number, caller: AbortSignal): Promise<Connection> {
    const signal = AbortSignal.any([caller, this.#closing.signal]);
    const address = machine.publicAddress ?? machine.privateAddress;
    if (machine.state.kind === "stopped")
      throw new BeltError("machine.stopped", `${machine.name} is stopped`, {
        hint: `Start it: belt start ${machine.name}`,
      });
    if (machine.given && !machine.given.taken)
      return await this.#options.asOperator(machine, machine.given.way, signal);
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
      way: machine.given?.way ?? this.#jumpTo(machine),
    };
    return await this.#options.reach(target, deadlineMs, signal);
  }

  #jumpTo({ publicAddress, privateAddress, port, user }: Machine): OwnHost | undefined {
    const { jump } = this.#options;
    if (jump === undefined || publicAddress !== undefined || privateAddress === undefined) return undefined;
    return { address: privateAddress, user, port, jump };
  }
}

/** What is known or under way under a name, else what is started now. What fails is forgotten: a later try starts anew. */
function remembered<T>(known: Map<string, Promise<T>>, name: string, start: () => Promise<T>): Promise<T> {
  const there = known.get(name);
  if (there) return there;
  const starting = start();
  known.set(name, starting);
  starting.catch(() => known.delete(name));
  return starting;
}
