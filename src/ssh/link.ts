import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import type { Clock } from "../util/clock.ts";
import { Semaphore } from "../util/semaphore.ts";
import type { Target } from "./connection.ts";
import { connectionClosed } from "./failures.ts";

/** sshd admits 10 sessions on a connection unless told otherwise; two are left for what others open. */
const MAX_SESSIONS = 8;
/** Sessions that stand in for sockets live long, so they never get all the sessions. */
const MAX_DIALS = 4;
/** Forwarded sockets have no such bound at sshd; this one keeps its file descriptors in hand. */
const MAX_STREAMS = 64;

/** One authenticated SSH connection and what is open on it. The other files of this folder work on it. */
export class Link {
  readonly target: Target;
  readonly clock: Clock;
  readonly client: Client;
  readonly sessions = new Semaphore(MAX_SESSIONS);
  readonly dials = new Semaphore(MAX_DIALS);
  readonly streams = new Semaphore(MAX_STREAMS);
  /** The host key that the machine has shown, once it was found among the pinned ones. */
  hostKey = "";
  readonly #socket: Duplex;
  readonly #channels = new Set<ClientChannel>();
  readonly #lost = new AbortController();
  #sessionCount = 0;

  constructor(target: Target, clock: Clock, wire: { readonly client: Client; readonly socket: Duplex }) {
    this.target = target;
    this.clock = clock;
    this.client = wire.client;
    this.#socket = wire.socket;
    // These run before ssh2's own listeners only if they are registered first, which the constructor's caller sees to.
    wire.socket.on("end", () => this.#lose(undefined));
    wire.socket.on("close", () => this.#lose(undefined));
    wire.client.on("error", (cause) => {
      this.#lose(cause);
      wire.socket.destroy();
    });
  }

  /** Aborts with `ssh.closed` when the connection ends, however it ends. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The number of sessions that are open now. */
  get sessionCount(): number {
    return this.#sessionCount;
  }

  /** Counts a session until its channel is closed. */
  countSession(channel: ClientChannel): void {
    this.#sessionCount += 1;
    channel.once("close", () => {
      this.#sessionCount -= 1;
    });
  }

  /** Keeps track of a channel until it is closed on both sides, and then runs `released`. */
  adopt(channel: ClientChannel, released: () => void): void {
    this.#channels.add(channel);
    channel.on("close", () => {
      this.#channels.delete(channel);
      released();
    });
    if (this.lost.aborted) retire(channel);
  }

  /** Ends the connection from this side; what is still going on fails with `ssh.closed`. */
  close(): void {
    this.#lose(new Error("closed on this side"));
    this.client.end();
    this.#socket.end(() => this.#socket.destroy());
  }

  #lose(cause: unknown): void {
    for (const channel of this.#channels) retire(channel);
    if (!this.#lost.signal.aborted) this.#lost.abort(connectionClosed(this.target, cause));
  }
}

/** Closes a channel from this side and drops what still comes, so that its end is seen and its place given back. */
export function abandon(channel: ClientChannel): void {
  channel.close();
  channel.resume();
  channel.stderr.resume();
}

/**
 * Tells a channel that nothing goes out any more. Without it, ssh2 (1.17) throws from inside a stream when something is
 * written, closed or merely read after its connection has ended, where nobody could catch it.
 */
function retire(channel: ClientChannel): void {
  const outgoing = channel.outgoing;
  if (typeof outgoing === "object" && outgoing !== null) Reflect.set(outgoing, "state", "closed");
}
