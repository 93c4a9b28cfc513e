import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ClientRequest, IncomingMessage } from "node:http";
import { FakeClock } from "../clock.ts";

/** A clock in a test's hand that moves only while no HTTP call of this process is under way, but for those that wait for it. */
export interface NetworkClock extends Disposable {
  readonly clock: FakeClock;
  /** Counts the calls of a fake that wait for the clock or for the test: these are not waited for. */
  watch(fake: { readonly waiting: () => number }): void;
}

/** How long the network of one host may take, in real milliseconds, before a test is told that it hangs. */
const patienceMs = 20_000;

/**
 * Virtual time over a real network: before the clock moves, every call of `node:http` and of `fetch` has its answer, read to
 * the end. Source: the diagnostics channels of Node's HTTP client and of undici.
 */
export function openNetworkClock(startMs?: number): NetworkClock {
  const open = new Set<unknown>();
  const fakes: { readonly waiting: () => number }[] = [];
  const waiting = (): number => fakes.reduce((sum, fake) => sum + fake.waiting(), 0);
  const settle = async (): Promise<void> => {
    const end = performance.now() + patienceMs;
    let quiet = 0;
    // Several turns in a row: whoever got an answer may ask the next thing.
    while (quiet < 5) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = open.size <= waiting() ? quiet + 1 : 0;
      if (performance.now() > end) throw new Error(`${open.size} HTTP calls are without an answer`);
    }
  };
  const channels = listeners(open);
  for (const [channel, listener] of channels) subscribe(channel, listener);
  return {
    clock: new FakeClock(startMs, settle),
    watch: (fake) => {
      fakes.push(fake);
    },
    [Symbol.dispose]: () => {
      for (const [channel, listener] of channels) unsubscribe(channel, listener);
    },
  };
}

type Listener = Parameters<typeof subscribe>[1];

function listeners(open: Set<unknown>): readonly (readonly [string, Listener])[] {
  const part = (message: unknown, name: string): unknown =>
    typeof message === "object" && message !== null ? Object.getOwnPropertyDescriptor(message, name)?.value : undefined;
  const begin: Listener = (message) => open.add(part(message, "request"));
  const end: Listener = (message) => open.delete(part(message, "request"));
  return [
    [
      "http.client.request.start",
      (message) => {
        const request = part(message, "request");
        open.add(request);
        if (request instanceof ClientRequest) request.once("close", () => open.delete(request));
      },
    ],
    [
      "http.client.response.finish",
      (message) => {
        const [request, response] = [part(message, "request"), part(message, "response")];
        if (response instanceof IncomingMessage) response.once("close", () => open.delete(request));
      },
    ],
    ["undici:request:create", begin],
    ["undici:request:trailers", end],
    ["undici:request:error", end],
  ];
}
