import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { BeltError } from "../util/errors.ts";
import { abandon } from "./link.ts";

/**
 * A channel as a stream that can be trusted like a socket: `destroy` closes the channel, `end` closes one half of it, reads
 * and writes wait for each other, `close` always comes. A bare channel of ssh2 has none of this, so that an http.Agent
 * leaks it.
 */
export class SocketChannel extends Duplex {
  readonly #channel: ClientChannel;
  readonly #lost: AbortSignal;
  #closed = false;

  /** `failure` is asked once the channel is closed: an error makes the stream fail, nothing makes it end. */
  constructor(channel: ClientChannel, lost: AbortSignal, failure: () => Error | undefined) {
    super();
    this.#channel = channel;
    this.#lost = lost;
    lost.addEventListener("abort", this.#lose, { once: true });
    channel.on("data", this.#take);
    channel.once("end", this.#finish);
    channel.once("close", () => {
      this.#closed = true;
      const error = failure();
      if (error) this.#fail(error);
      else this.#finishBoth();
    });
    channel.stderr.resume();
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (this.#closed) done(new BeltError("ssh.closed", "the other side closed the stream"));
    else this.#channel.write(chunk, (error) => done(error ?? undefined));
  }

  override _final(done: () => void): void {
    if (!this.#closed) this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#lost.removeEventListener("abort", this.#lose);
    this.#channel.off("data", this.#take);
    this.#channel.off("end", this.#finish);
    abandon(this.#channel);
    done(error);
  }

  readonly #take = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#channel.pause();
  };

  readonly #lose = (): void => this.#fail(this.#lost.reason);

  readonly #finish = (): void => {
    this.push(null);
  };

  /** A stream that nobody uses any more closes in silence: an error without a listener would end the whole command. */
  #fail(error: Error): void {
    if (this.listenerCount("error") > 0) this.destroy(error);
    else this.destroy();
  }

  /** The reader still gets what came before the end; the writer cannot reach anybody any more. */
  #finishBoth(): void {
    if (this.writableLength > 0) this.#fail(new BeltError("ssh.closed", "the other side closed the stream"));
    else this.end();
  }
}
