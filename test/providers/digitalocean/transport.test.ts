import { describe, expect, test } from "vitest";
import { Budget } from "../../../src/providers/cloud/budget.ts";
import { CallFailed } from "../../../src/providers/cloud/fault.ts";
import { type ApiCall, type Fetch, Transport } from "../../../src/providers/digitalocean/transport.ts";
import { Secret } from "../../../src/util/secret.ts";
import { FakeClock } from "../../support/clock.ts";

const { signal } = new AbortController();
const list: ApiCall = { method: "GET", path: "/droplets", query: { page: 1 } };
const order: ApiCall = { method: "POST", path: "/droplets", body: { names: ["a"] } };

type Answer = Response | Error;
const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });
const broken = (code: string): Error =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("no"), { code }) });

/** A transport that gets these answers in turn, with what it sent. */
function transportWith(answers: readonly (() => Answer)[]) {
  const clock = new FakeClock();
  const sent: { readonly url: string; readonly init: RequestInit; readonly atMs: number }[] = [];
  const fetch: Fetch = async (url, init) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)]?.() ?? broken("ENOTFOUND");
    sent.push({ url, init, atMs: clock.elapsed() });
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const transport = new Transport({
    endpoint: "https://api",
    token: new Secret("t0ken"),
    clock,
    random: () => 1,
    fetch,
  });
  const send = (call: ApiCall) => clock.runUntil(transport.send(call, signal));
  return { clock, sent, send };
}

describe("a call", () => {
  test("carries the token, goes nowhere else, and brings the body", async () => {
    const { send, sent } = transportWith([() => json(200, { droplets: [] })]);
    expect(await send(list)).toEqual({ droplets: [] });
    expect(sent).toMatchObject([
      {
        url: "https://api/v2/droplets?page=1",
        init: { method: "GET", redirect: "manual", headers: { authorization: "Bearer t0ken" } },
      },
    ]);
  });

  test("without an answer's body brings nothing", async () => {
    expect(
      await transportWith([() => new Response(null, { status: 204 })]).send({ ...list, method: "DELETE" }),
    ).toBeUndefined();
  });

  const failing = (status: number) => () => json(status, { id: "x", message: "no" });
  test.each<[string, ApiCall, readonly (() => Answer)[], number, string]>([
    ["a read goes out again after an error of the server's", list, [failing(500)], 5, "answer"],
    ["a change does not: it may have happened", order, [failing(500)], 1, "answer"],
    ["a read goes out again when the connection breaks", list, [() => broken("ECONNRESET")], 5, "lost"],
    ["a change does not", order, [() => broken("ECONNRESET")], 1, "lost"],
    ["a change does where nobody was reached", order, [() => broken("ECONNREFUSED")], 5, "unreached"],
    ["nothing goes out again that was refused", list, [failing(422)], 1, "answer"],
    ["nor what cannot be read", list, [() => new Response("<html>")], 1, "unreadable"],
    ["nor what points elsewhere", list, [() => new Response(null, { status: 302 })], 1, "unreadable"],
  ])("%s", async (_, call, answers, times, kind) => {
    const { send, sent } = transportWith(answers);
    await expect(send(call)).rejects.toMatchObject({ fault: { kind } });
    expect(sent).toHaveLength(times);
  });

  test("that was one too many goes out again when the API says, a change too", async () => {
    const answers = [() => json(429, { id: "too_many_requests" }, { "retry-after": "7" }), () => json(202, {})];
    const { send, sent } = transportWith(answers);
    await send(order);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 7000]);
  });

  test("waits for the budget of the hour where the reply says when, and not for ever", async () => {
    const inSeconds = (seconds: number) => ({
      ...{ "ratelimit-remaining": "0", "ratelimit-reset": String(Date.UTC(2026, 0, 1) / 1000 + seconds) },
    });
    const soon = transportWith([() => json(429, {}, inSeconds(100)), () => json(200, {})]);
    await soon.send(list);
    expect(soon.sent.map(({ atMs }) => atMs)).toEqual([0, 100_000]);
    const late = transportWith([() => json(429, {}, inSeconds(3000))]);
    await expect(late.send(list)).rejects.toMatchObject({ fault: { status: 429, waitMs: 3_000_000 } });
    expect(late.sent).toHaveLength(1);
  });

  test("ends when it is interrupted, with that and nothing else", async () => {
    const stop = new AbortController();
    const transport = new Transport({
      ...{ endpoint: "https://api", token: new Secret("t0ken"), clock: new FakeClock(), random: () => 1 },
      fetch: (_, init) =>
        new Promise((_resolve, reject) => init.signal?.addEventListener("abort", () => reject(broken("ABORT_ERR")))),
    });
    const work = transport.send(list, stop.signal);
    await Promise.resolve();
    stop.abort(new Error("interrupted"));
    await expect(work).rejects.toThrow("interrupted");
  });

  test("an error of a proxy's, or of another service behind the API, is told by what it has", async () => {
    const { send } = transportWith([() => json(400, { error: "bad tag", messages: null, root_causes: [] })]);
    const error = await send(order).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CallFailed);
    expect(error).toMatchObject({ fault: { status: 400, id: "unknown", message: "bad tag" } });
  });
});

describe("a budget", () => {
  test("lets out as many as a window takes, and the next when the first has left it", async () => {
    const clock = new FakeClock();
    const budget = new Budget([{ calls: 3, ms: 1000 }], clock);
    const out: number[] = [];
    const take = async (): Promise<void> => {
      await budget.take(10_000, signal);
      out.push(clock.elapsed());
    };
    await clock.runUntil(Promise.all(Array.from({ length: 7 }, take)));
    expect(out).toEqual([0, 0, 0, 1000, 1000, 1000, 2000]);
  });

  test("says how long it would be where that is too long, and takes no place then", async () => {
    const clock = new FakeClock();
    const budget = new Budget([{ calls: 1, ms: 5000 }], clock);
    expect(await budget.take(1000, signal)).toBe(0);
    expect(await budget.take(1000, signal)).toBe(5000);
    await clock.advance(4000);
    expect(await clock.runUntil(budget.take(1000, signal))).toBe(0);
    expect(clock.elapsed()).toBe(5000);
  });
});
