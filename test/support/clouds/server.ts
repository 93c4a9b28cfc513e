import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Clock } from "../../../src/util/clock.ts";
import type { Call, Reply } from "./call.ts";
import type { Effect, Faults } from "./faults.ts";
import type { Ledger } from "./ledger.ts";

/** What a fake cloud brings along; everything else about HTTP, faults and counting is the same for all of them. */
export interface CloudBrain {
  /** The operation that a path belongs to, or a body where that says it, and the values in the path. */
  route(method: string, path: string, body: unknown): Pick<Call, "operation" | "parameters">;
  /** Does what a call asks for, at once, and answers. */
  answer(call: Call): Reply;
  /** Finishes any reply, that of a fault included: headers that this cloud puts on all of them. */
  finish(call: Call, reply: Reply): Reply;
}

/** What a fake cloud runs on. */
export interface CloudGround {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly ledger: Ledger;
  /** The server's certificate and key, PEM text, where it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A fake cloud's HTTP server on loopback. */
export interface CloudServer extends AsyncDisposable {
  /** `http://127.0.0.1:40123`. */
  readonly url: string;
  /** How many calls wait for the clock, and not for the network. */
  readonly waiting: () => number;
}

/** Starts a server that asks the brain, does to its answers what the faults say, and writes all of it into the ledger. */
export async function startCloudServer(brain: CloudBrain, ground: CloudGround): Promise<CloudServer> {
  const ending = new AbortController();
  const state: ServerState = { brain, ground, ending: ending.signal, number: 0, waiting: 0 };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(state, request, response).catch((error: unknown) => {
      if (ending.signal.aborted) {
        request.socket.destroy();
        return;
      }
      // A fake that breaks must be seen: what the client makes of it would hide it.
      process.nextTick(() => {
        throw error;
      });
    });
  };
  const server = ground.tls ? createTlsServer(ground.tls, listener) : createServer(listener);
  const sockets = trackSockets(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `${ground.tls ? "https" : "http"}://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    waiting: () => state.waiting,
    [Symbol.asyncDispose]: async () => {
      ending.abort(new Error("the fake cloud has ended"));
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface ServerState {
  readonly brain: CloudBrain;
  readonly ground: CloudGround;
  readonly ending: AbortSignal;
  number: number;
  waiting: number;
}

async function serve(state: ServerState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { brain, ground } = state;
  const call = await readCall(state, request);
  const effects = ground.faults.effectsOn(call);
  await pause(state, effects, "delay");
  await held(state, ground.faults.pass(call, "before"));
  if (effects.some(({ kind }) => kind === "cut")) {
    ground.ledger.add({ call, reply: undefined, arrived: false });
    request.socket.destroy();
    return;
  }
  const injected = effects.find((effect) => effect.kind === "reply");
  const reply = brain.finish(call, injected?.reply ?? brain.answer(call));
  await held(state, ground.faults.pass(call, "after"));
  await pause(state, effects, "delay-reply");
  const isLost = effects.some(({ kind }) => kind === "lose-reply") || request.socket.destroyed;
  ground.ledger.add({ call, reply, arrived: !isLost });
  if (isLost) request.socket.destroy();
  else send(response, reply);
}

async function pause(state: ServerState, effects: readonly Effect[], kind: "delay" | "delay-reply"): Promise<void> {
  for (const effect of effects)
    if (effect.kind === kind) await held(state, state.ground.clock.sleep(effect.ms, state.ending));
}

async function held(state: ServerState, work: Promise<void>): Promise<void> {
  state.waiting += 1;
  try {
    await work;
  } finally {
    state.waiting -= 1;
  }
}

async function readCall(state: ServerState, request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const { method = "GET", url = "/" } = request;
  const { pathname, searchParams } = new URL(url, "http://cloud");
  const { authorization = "", ...headers } = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const body = parseBody(Buffer.concat(chunks).toString("utf8"));
  state.number += 1;
  return {
    ...state.brain.route(method, pathname, body),
    ...{ number: state.number, atMs: state.ground.clock.elapsed(), method, path: pathname, query: searchParams },
    ...{ headers, authorization, body },
  };
}

function parseBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function send(response: ServerResponse, { status, headers = {}, body }: Reply): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers }).end(text);
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  for (const event of ["connection", "secureConnection"])
    server.on(event, (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
  return sockets;
}
