import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { breakLock, takeLock } from "../../src/cluster/lock.ts";
import type { Clock } from "../../src/util/clock.ts";
import { changedAt } from "../../src/util/files.ts";
import { FakeClock } from "../support/clock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { until } from "../support/sshd.ts";
import { temporaryFolder } from "../support/temporary.ts";

const claim = (command: string) => ({ command, after: 0 });

describe("the cluster's lock", () => {
  it("refuses a second command and says who holds it, which command, and since when", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await using _held = await takeLock(file, claim("belt up"), deps);
    await expect(takeLock(file, claim("belt down"), deps)).rejects.toMatchObject({
      code: "guard.lock",
      message: expect.stringMatching(/`belt up` of tester on operator \(process \d+\).*since 2/),
    });
  });

  it("is free again after the command", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await (await takeLock(file, claim("belt up"), deps))[Symbol.asyncDispose]();
    await using again = await takeLock(file, claim("belt down"), deps);
    expect(again).toBeDefined();
  });

  it("is taken over from a process that was killed", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const child = spawn("sleep", ["60"]);
    await takeLock(file, claim("belt up"), testDependencies(folder.path, { pid: child.pid ?? 0 }));
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await using _mine = await takeLock(file, claim("belt up again"), testDependencies(folder.path));
    expect(await readFile(file, "utf8")).toContain("belt up again");
  });

  it("is taken over from a process id that another process has now", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await takeLock(file, claim("belt up"), deps);
    const holder = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...holder, startTime: "1" }));
    await using _mine = await takeLock(file, claim("belt up again"), deps);
    expect(await readFile(file, "utf8")).toContain("belt up again");
  });

  it("is not taken from another host, whose processes cannot be looked at", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    await takeLock(file, claim("belt up"), testDependencies(folder.path, { hostname: "elsewhere", pid: 999_999_999 }));
    await expect(takeLock(file, claim("belt up"), testDependencies(folder.path))).rejects.toMatchObject({
      code: "guard.lock",
    });
  });

  it("lets one of many at once in", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    await writeFile(file, "damaged");
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, () => takeLock(file, claim("belt up"), testDependencies(folder.path))),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("is taken over from an owner that sleeps, after the time that a lock lasts, and that is told", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const clock = new FakeClock();
    await takeLock(file, claim("belt up"), testDependencies(folder.path, { clock: stopped(clock) }));
    const next = testDependencies(folder.path, { clock });
    await clock.advance(29_000);
    await expect(takeLock(file, claim("belt down"), next)).rejects.toMatchObject({ code: "guard.lock" });
    await clock.advance(2000);
    await using mine = await takeLock(file, claim("belt down"), next);
    expect(mine.number).toBe(2);
    expect(next.events).toMatchObject([
      {
        event: "note",
        message: expect.stringMatching(
          /took over the lock of `belt up` of tester on operator .*not heard of since 2026/,
        ),
      },
    ]);
  });

  it("is kept by an owner who is at work, however long", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const clock = new FakeClock();
    const deps = testDependencies(folder.path, { clock, hostname: "elsewhere" });
    await using _held = await takeLock(file, claim("belt up"), deps);
    for (let passed = 0; passed < 24; passed += 1) {
      const from = clock.now();
      await clock.advance(5000);
      await until(
        async () => ((await changedAt(file)) ?? 0) > from, // the disk takes its own time
        () => "the owner gave no sign of life",
      );
      const next = takeLock(file, claim("belt down"), testDependencies(folder.path, { clock }));
      await expect(next).rejects.toMatchObject({ code: "guard.lock" });
    }
  });

  it("tells an owner that slept and woke up that it is lost, and who has it", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const clock = new FakeClock();
    const slept = await takeLock(file, claim("belt up"), testDependencies(folder.path, { clock: stopped(clock) }));
    await slept.assertHeld();
    await clock.advance(31_000);
    const mine = await takeLock(file, claim("belt down"), testDependencies(folder.path, { clock }));
    await expect(slept.assertHeld()).rejects.toMatchObject({
      code: "guard.lock",
      message: expect.stringMatching(/`belt up` has lost the cluster's lock: `belt down` of tester/),
    });
    await slept[Symbol.asyncDispose]();
    await mine.assertHeld(); // the former owner's end does not free what is another's
    await mine[Symbol.asyncDispose]();
  });

  it("gives every owner a higher number than all before", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await using first = await takeLock(file, { command: "belt up", after: 41 }, deps);
    expect(first.number).toBe(42);
    await breakLock(file);
    await expect(first.assertHeld()).rejects.toMatchObject({ message: expect.stringContaining("was broken") });
  });
});

/** A clock on which nothing of its owner goes on: the time passes, and he sleeps. */
function stopped(clock: FakeClock): Clock {
  return { now: () => clock.now(), elapsed: () => clock.elapsed(), sleep: forever };
}

function forever(_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
