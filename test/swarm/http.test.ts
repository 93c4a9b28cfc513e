import { type Duplex, duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpCall, HttpClient } from "../../src/swarm/http.ts";
import { FakeDaemon } from "../support/fake-daemon.ts";

const get: HttpCall = { method: "GET", path: "/thing" };
const post: HttpCall = { method: "POST", path: "/thing", body: { a: 1 } };
const never = new AbortController().signal;

let daemon: FakeDaemon;
let client: HttpClient;

beforeEach(() => {
  daemon = new FakeDaemon();
  daemon.handler = ({ body }) => ({ status: 201, body: { body } });
  client = new HttpClient(daemon.dial, 3);
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
});

describe("one stream", () => {
  it("carries a JSON body there and the reply back, whatever its status", async () => {
    const reply = await client.send(post, never);
    expect(reply.status).toBe(201);
    expect(JSON.parse(reply.body)).toEqual({ body: { a: 1 } });
  });

  it("serves one request after the other", async () => {
    for (let round = 0; round < 5; round += 1) await client.send(post, never);
    expect(daemon.dials).toBe(1);
  });

  it("carries a reply of several megabytes", async () => {
    daemon.handler = () => ({ body: "x".repeat(5_000_000) });
    expect((await client.send(get, never)).body).toHaveLength(5_000_000);
  });

  it("is destroyed at a reply without an end, which is not asked for again", async () => {
    await client.send(get, never);
    daemon.handler = () => ({ body: "x".repeat(65 * 1024 ** 2) });
    await expect(client.send(get, never)).rejects.toThrow("its answer is larger than 64 MiB");
    expect([daemon.dials, daemon.requests.length, daemon.open.size]).toEqual([1, 2, 0]);
  });

  it("is replaced when the server closed it between two requests", async () => {
    await client.send(get, never);
    daemon.hangUp();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await client.send(post, never)).status).toBe(201);
    expect(daemon.dials).toBe(2);
  });

  it("is not used again when the server says that it closes it", async () => {
    daemon.handler = () => ({ headers: { connection: "close" }, body: {} });
    await client.send(get, never);
    await client.send(get, never);
    expect(daemon.dials).toBe(2);
  });
});

describe("many requests at once", () => {
  it("never use more streams than allowed, and all get their answers", async () => {
    daemon.handler = async ({ path }) => {
      await new Promise((resolve) => setImmediate(resolve));
      return { body: path };
    };
    const paths = Array.from({ length: 40 }, (_, index) => `/n/${index}`);
    const replies = await Promise.all(paths.map((path) => client.send({ method: "GET", path }, never)));
    expect(replies.map((reply) => reply.body)).toEqual(paths);
    expect(daemon.dials).toBeLessThanOrEqual(3);
    expect(daemon.busiest).toBeLessThanOrEqual(3);
  });
});

describe("a server that dies in the middle", () => {
  it("fails a request whose first stream breaks", async () => {
    daemon.handler = () => {
      daemon.hangUp();
      return {};
    };
    await expect(client.send(get, never)).rejects.toThrow(/hang up|ended|aborted|closed/i);
  });

  it("repeats a read on a new stream when a kept one breaks, but never a change", async () => {
    await client.send(get, never);
    let breaks = 1;
    daemon.handler = () => {
      if (breaks-- > 0) daemon.hangUp();
      return { body: "there" };
    };
    expect((await client.send(get, never)).body).toBe("there");
    breaks = 1;
    await expect(client.send(post, never)).rejects.toThrow();
    expect(daemon.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });
});

describe("giving up", () => {
  it("rejects with the signal's reason and destroys the stream, and the place is free again", async () => {
    const held = Promise.withResolvers<void>();
    daemon.handler = async () => {
      await held.promise;
      return {};
    };
    const controller = new AbortController();
    const sent = [1, 2, 3].map(() => client.send(get, controller.signal));
    const waiting = client.send(get, controller.signal);
    await expect.poll(() => daemon.requests.length).toBe(3);
    controller.abort(new Error("enough"));
    for (const request of [...sent, waiting]) await expect(request).rejects.toThrow("enough");
    await expect.poll(() => daemon.open.size).toBe(0);
    held.resolve();
    expect((await client.send(get, never)).status).toBe(200);
  });

  it("closes a stream that opens only after nobody waits for it any more", async () => {
    const opening = Promise.withResolvers<Duplex>();
    let dials = 0;
    const slow = new HttpClient(() => {
      dials += 1;
      return opening.promise;
    }, 1);
    const controller = new AbortController();
    const sent = slow.send(get, controller.signal);
    await expect.poll(() => dials).toBe(1);
    controller.abort(new Error("enough"));
    await expect(sent).rejects.toThrow("enough");
    const [stream] = duplexPair();
    opening.resolve(stream);
    await expect.poll(() => stream.destroyed).toBe(true);
  });

  it("at the end closes every stream and fails what is under way and what comes later", async () => {
    daemon.handler = () => new Promise(() => {});
    const sent = client.send(get, never);
    await expect.poll(() => daemon.requests.length).toBe(1);
    await client[Symbol.asyncDispose]();
    await expect(sent).rejects.toThrow("closed");
    await expect(client.send(get, never)).rejects.toThrow("closed");
    expect([...daemon.open].filter((stream) => !stream.destroyed)).toEqual([]);
  });
});
