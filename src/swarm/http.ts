import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { BoundedBytes } from "../util/bounded-bytes.ts";
import { Semaphore } from "../util/semaphore.ts";

/** How much of one answer is taken: tens of thousands of tasks fit. */
const maxBodyBytes = 64 * 1024 ** 2;

/** An answer went on after as much as is taken. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";

  constructor() {
    super(`its answer is larger than ${maxBodyBytes / 1024 ** 2} MiB`);
  }
}

/** Opens one stream to the server. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>;

export interface HttpCall {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * HTTP/1.1 over whatever streams `dial` opens: at most `parallel` at once, kept between requests. A stream that carried a
 * failed or aborted request is destroyed, never used again. All streams end with this object.
 *
 * Node's own pool cannot do this: over streams that open asynchronously it does not keep to `maxSockets`, and it cannot stop
 * opening one for a request that was given up. So each stream gets an agent of its own, which only keeps it alive.
 */
export class HttpClient implements AsyncDisposable {
  readonly #dial: Dial;
  readonly #places: Semaphore;
  readonly #closed = new AbortController();
  readonly #open = new Set<Channel>();
  readonly #idle: Channel[] = [];

  constructor(dial: Dial, parallel: number) {
    this.#dial = dial;
    this.#places = new Semaphore(parallel);
  }

  /** Resolves with the reply whatever its status; rejects with what broke the stream, or with the signal's reason. */
  send(call: HttpCall, signal: AbortSignal): Promise<HttpReply> {
    const combined = AbortSignal.any([signal, this.#closed.signal]);
    return this.#places.run(combined, async () => {
      const kept = this.#takeIdle();
      if (kept) {
        try {
          return await this.#over(kept, call, combined);
        } catch (error) {
          // The server may have closed a kept stream just now; RFC 9110, 9.2.2 allows to repeat what changes nothing.
          if (call.method !== "GET" || combined.aborted || error instanceof BodyTooLarge) throw error;
        }
      }
      return await this.#over(await this.#connect(combined), call, combined);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("the client was closed"));
    for (const channel of this.#open) channel.stream.destroy();
  }

  #takeIdle(): Channel | undefined {
    for (let channel = this.#idle.pop(); channel !== undefined; channel = this.#idle.pop())
      if (channel.usable) return channel;
    return undefined;
  }

  async #connect(signal: AbortSignal): Promise<Channel> {
    const channel = new Channel(await dialOrAbort(this.#dial, signal));
    this.#open.add(channel);
    channel.stream.once("close", () => this.#open.delete(channel));
    return channel;
  }

  async #over(channel: Channel, call: HttpCall, signal: AbortSignal): Promise<HttpReply> {
    try {
      const reply = await exchange(channel, call, signal);
      if (channel.usable) this.#idle.push(channel);
      return reply;
    } catch (error) {
      channel.stream.destroy();
      throw signal.aborted ? signal.reason : error;
    }
  }
}

/** One stream, and the agent that keeps it alive between requests. */
class Channel extends Agent {
  readonly stream: Duplex;
  #given = false;

  constructor(stream: Duplex) {
    super({ keepAlive: true, maxSockets: 1 });
    this.stream = stream;
    // Node's agent calls this on what it uses again; a stream that is no socket has nothing to do there.
    if (!("ref" in stream)) Object.assign(stream, { ref: () => stream });
    stream.on("error", () => {}); // a stream may break while no request uses it: `usable` tells
    stream.once("end", () => stream.destroy()); // the server closes it: it carries no further request
  }

  get usable(): boolean {
    return !this.stream.destroyed && this.stream.readable && this.stream.writable;
  }

  override createConnection(): Duplex {
    if (this.#given) throw new Error("the stream is gone");
    this.#given = true;
    return this.stream;
  }

  // In the place of TCP's own keep-alive, which only a socket has.
  override keepSocketAlive(): boolean {
    return this.usable;
  }
}

function exchange(channel: Channel, call: HttpCall, signal: AbortSignal): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const { method, path } = call;
    const payload = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = { host: "docker", ...(payload === undefined ? {} : { "content-type": "application/json" }) };
    const outgoing = request({ agent: channel, method, path, headers, signal });
    let reply: HttpReply | undefined;
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      collect(incoming, (complete) => {
        reply = complete;
      });
      incoming.on("error", reject);
    });
    // Only when the request closes does the agent have the stream back, ready for the next one.
    outgoing.on("close", () => (reply ? resolve(reply) : reject(new Error("the stream ended before the answer did"))));
    outgoing.end(payload);
  });
}

function collect(incoming: IncomingMessage, onComplete: (reply: HttpReply) => void): void {
  const bytes = new BoundedBytes(maxBodyBytes);
  incoming.on("data", (chunk: Buffer) => {
    if (!bytes.push(chunk)) incoming.destroy(new BodyTooLarge());
  });
  incoming.on("end", () => {
    const { statusCode, headers } = incoming;
    onComplete({ status: statusCode ?? 0, headers, body: String(bytes) });
  });
}

/** Dials, but waits no longer than the signal allows; a stream that opens too late is closed. */
async function dialOrAbort(dial: Dial, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  const dialing = dial(signal);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(signal.reason);
    dialing.then(
      (stream) => stream.destroy(),
      () => {},
    );
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([dialing, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
