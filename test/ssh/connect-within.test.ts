import { describe, expect, it } from "vitest";
import { connectWithin } from "../../src/ssh/connect-within.ts";
import type { Connect, Connection, Target } from "../../src/ssh/connection.ts";
import { BeltError } from "../../src/util/errors.ts";
import { Secret } from "../../src/util/secret.ts";
import { FakeClock } from "../support/clock.ts";

const target: Target = {
  name: "node1",
  address: "192.0.2.1",
  port: 22,
  user: "root",
  privateKey: new Secret("none"),
  hostKeys: [],
};

const connection: Connection = {
  name: "node1",
  user: "root",
  address: "192.0.2.1",
  hostKey: "",
  exec: () => Promise.reject(new Error("not scripted")),
  writeFile: () => Promise.reject(new Error("not scripted")),
  openSocket: () => Promise.reject(new Error("not scripted")),
  terminal: () => Promise.reject(new Error("not scripted")),
  [Symbol.asyncDispose]: async () => {},
};

const refused = new BeltError("ssh.unreachable", "nothing listens there", { retryable: true });
const noAuth = new BeltError("ssh.auth-refused", "refused the key");
const stranger = new BeltError("ssh.host-key", "another host key");
const { signal } = new AbortController();

/** Fails with each error in turn, then succeeds; counts the tries. */
function scripted(...errors: readonly Error[]): Connect & { tries: () => number } {
  let tries = 0;
  const connect = async (): Promise<Connection> => {
    const error = errors[tries];
    tries += 1;
    if (error) throw error;
    return connection;
  };
  return Object.assign(connect, { tries: () => tries });
}

const waiting = (clock: FakeClock, deadlineMs = 60_000, retryAuth = false) => ({
  deadlineMs,
  clock,
  random: () => 0.5,
  retryAuth,
});

describe("connectWithin", () => {
  it("connects at once where the machine answers, and leaves no timer behind", async () => {
    const clock = new FakeClock();
    expect(await connectWithin(scripted(), target, waiting(clock), signal)).toBe(connection);
    await clock.advance(0);
    expect([clock.elapsed(), clock.waiting]).toEqual([0, 0]);
  });

  it("tries again soon, so that a machine that boots in a second is met at once", async () => {
    const clock = new FakeClock();
    const connect: Connect = async () => {
      if (clock.elapsed() < 800) throw refused;
      return connection;
    };
    await clock.runUntil(connectWithin(connect, target, waiting(clock), signal));
    expect(clock.elapsed()).toBeGreaterThanOrEqual(800);
    expect(clock.elapsed()).toBeLessThan(1100);
  });

  it("never waits longer than a quarter of a second between two tries", async () => {
    const clock = new FakeClock();
    await clock.runUntil(connectWithin(scripted(...Array(60).fill(refused)), target, waiting(clock), signal));
    expect(Math.max(...clock.slept.slice(1))).toBe(250);
  });

  it("gives the last real error when the time is over", async () => {
    const clock = new FakeClock();
    const connect = scripted(...Array(1000).fill(refused));
    await expect(clock.runUntil(connectWithin(connect, target, waiting(clock, 5000), signal))).rejects.toBe(refused);
    expect(clock.elapsed()).toBe(5000);
  });

  it("cuts a try that hangs at the deadline, and says why the try before it failed", async () => {
    const clock = new FakeClock();
    let tries = 0;
    const connect: Connect = (_, inner) => {
      tries += 1;
      if (tries === 1) return Promise.reject(refused);
      return new Promise((_, reject) => inner.addEventListener("abort", () => reject(inner.reason)));
    };
    await expect(clock.runUntil(connectWithin(connect, target, waiting(clock, 5000), signal))).rejects.toBe(refused);
    expect([tries, clock.elapsed()]).toEqual([2, 5000]);
  });

  it("says that the time is over when the first try hangs all along", async () => {
    const clock = new FakeClock();
    const connect: Connect = (_, inner) =>
      new Promise((_, reject) => inner.addEventListener("abort", () => reject(inner.reason)));
    await expect(clock.runUntil(connectWithin(connect, target, waiting(clock, 5000), signal))).rejects.toMatchObject({
      code: "ssh.unreachable",
      message: "node1 could not be reached within 5 s",
    });
  });

  it.each([
    ["a wrong host key", stranger, false],
    ["a wrong host key, even where refused keys are waited for", stranger, true],
    ["a refused key", noAuth, false],
    ["a defect", new Error("defect"), true],
  ])("does not wait for %s to pass", async (_, error, retryAuth) => {
    const clock = new FakeClock();
    const connect = scripted(error);
    await expect(connectWithin(connect, target, waiting(clock, 5000, retryAuth), signal)).rejects.toBe(error);
    expect(connect.tries()).toBe(1);
  });

  it("is patient with a refused key, so that sshd does not shut this host out", async () => {
    const clock = new FakeClock();
    const connect = scripted(...Array(100).fill(noAuth));
    await expect(clock.runUntil(connectWithin(connect, target, waiting(clock, 60_000, true), signal))).rejects.toBe(
      noAuth,
    );
    expect(connect.tries()).toBeLessThan(16);
  });

  it("waits for a refused key to pass where asked to", async () => {
    const clock = new FakeClock();
    const connect = scripted(noAuth, noAuth);
    expect(await clock.runUntil(connectWithin(connect, target, waiting(clock, 5000, true), signal))).toBe(connection);
  });

  it("ends at once when the caller gives up", async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const reached = connectWithin(scripted(refused), target, waiting(clock), caller.signal);
    await clock.advance(10);
    caller.abort(new Error("interrupted"));
    await expect(reached).rejects.toThrow("interrupted");
    expect(clock.waiting).toBe(0);
  });
});
