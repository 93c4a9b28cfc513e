import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Duplex, duplexPair } from "node:stream";

/** One request as the daemon got it. */
export interface DaemonRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface DaemonReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is a string. */
  readonly body?: unknown;
}

type Handler = (request: DaemonRequest) => DaemonReply | Promise<DaemonReply>;

/**
 * A server that speaks the Engine API's HTTP over streams in memory. It answers `GET /_ping` as an engine does, and everything
 * else by the handler; what nobody handles is the engine's own 404.
 */
export class FakeDaemon {
  apiVersion: string | undefined = "1.45";
  engineVersion = "26.1.5+dfsg1";
  handler: Handler = ({ path }) => ({ status: 404, body: { message: `page not found: ${path}` } });
  /** Every request but pings, in order. */
  readonly requests: DaemonRequest[] = [];
  pings = 0;
  dials = 0;
  /** Ends of the streams that clients hold now. */
  readonly open = new Set<Duplex>();
  /** The most requests that were under way at once. */
  busiest = 0;
  #busy = 0;
  readonly #server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
  readonly #serverSides = new Set<Duplex>();

  /** Opens one more stream to the daemon. */
  readonly dial = async (): Promise<Duplex> => {
    this.dials += 1;
    const [client, server] = duplexPair();
    this.open.add(client);
    this.#serverSides.add(server);
    client.once("close", () => this.open.delete(client));
    this.#server.emit("connection", server);
    return client;
  };

  /** Ends every stream from the daemon's side, as a restart does. */
  hangUp(): void {
    for (const stream of this.#serverSides) stream.destroy();
    this.#serverSides.clear();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://engine");
    const body = await bodyOf(incoming);
    if (url.pathname === "/_ping") return this.#ping(outgoing);
    const request = { method: incoming.method ?? "", path: url.pathname, query: url.searchParams, body };
    this.requests.push(request);
    this.#busy += 1;
    this.busiest = Math.max(this.busiest, this.#busy);
    const reply = await this.handler(request);
    this.#busy -= 1;
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? null);
    outgoing.writeHead(reply.status ?? 200, { "content-type": "application/json", ...reply.headers });
    outgoing.end(text);
  }

  #ping(outgoing: ServerResponse): void {
    this.pings += 1;
    const version = this.apiVersion === undefined ? {} : { "Api-Version": this.apiVersion };
    outgoing.writeHead(200, { ...version, Server: `Docker/${this.engineVersion} (linux)` });
    outgoing.end("OK");
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : JSON.parse(text);
}
