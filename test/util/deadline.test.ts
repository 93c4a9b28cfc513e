import { describe, expect, test } from "vitest";
import { withDeadline } from "../../src/util/deadline.ts";
import { FakeClock } from "../support/clock.ts";

const deadline = { ms: 30_000, what: "node1 did not answer" };
const never = () => new AbortController().signal;

describe("work with a deadline", () => {
  test("gives its result, and its signal does not abort afterwards", async () => {
    const clock = new FakeClock();
    let seen: AbortSignal | undefined;
    const result = await withDeadline(deadline, clock, never(), async (signal) => {
      seen = signal;
      return 5;
    });
    await clock.advance(60_000);
    expect([result, seen?.aborted, clock.waiting]).toEqual([5, false, 0]);
  });

  test("fails as it fails", async () => {
    const clock = new FakeClock();
    const work = withDeadline(deadline, clock, never(), () => Promise.reject(new Error("broken")));
    await expect(work).rejects.toThrow("broken");
    expect(clock.waiting).toBe(0);
  });

  test("is given up when the time is over, even if it never settles", async () => {
    const clock = new FakeClock();
    let seen: AbortSignal | undefined;
    const work = withDeadline({ ...deadline, code: "ssh.deadline", hint: "wait" }, clock, never(), (signal) => {
      seen = signal;
      return new Promise(() => {});
    });
    await expect(clock.runUntil(work)).rejects.toMatchObject({
      code: "ssh.deadline",
      message: "node1 did not answer within 30 s",
      hint: "wait",
      retryable: true,
    });
    expect(clock.elapsed()).toBe(30_000);
    expect(seen?.reason).toMatchObject({ code: "ssh.deadline" });
  });

  test("is told by the deadline, not by what the work says to being aborted", async () => {
    const clock = new FakeClock();
    const work = withDeadline(
      { ...deadline, ms: 500 },
      clock,
      never(),
      (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("the stream was closed")));
        }),
    );
    await expect(clock.runUntil(work)).rejects.toMatchObject({
      code: "timeout",
      message: "node1 did not answer within 500 ms",
    });
  });

  test("ends with the caller's reason when the caller aborts", async () => {
    const clock = new FakeClock();
    const caller = new AbortController();
    const work = withDeadline(deadline, clock, caller.signal, () => new Promise(() => {}));
    caller.abort(new Error("Ctrl-C"));
    await expect(work).rejects.toThrow("Ctrl-C");
    expect(clock.waiting).toBe(0);
  });

  test("does not begin when the caller has aborted already", async () => {
    let begun = false;
    const work = withDeadline(deadline, new FakeClock(), AbortSignal.abort(new Error("Ctrl-C")), async () => {
      begun = true;
    });
    await expect(work).rejects.toThrow("Ctrl-C");
    expect(begun).toBe(false);
  });
});
