import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { takeLock } from "../../src/cluster/lock.ts";
import { testDependencies } from "../support/dependencies.ts";
import { temporaryFolder } from "../support/temporary.ts";

describe("the cluster's lock", () => {
  it("refuses a second command and says who holds it, which command, and since when", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await using _held = await takeLock(file, "belt up", deps);
    await expect(takeLock(file, "belt down", deps)).rejects.toMatchObject({
      code: "guard.lock",
      message: expect.stringMatching(/`belt up` of tester on operator \(process \d+\).*since 2/),
    });
  });

  it("is free again after the command", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await (await takeLock(file, "belt up", deps))[Symbol.asyncDispose]();
    await using again = await takeLock(file, "belt down", deps);
    expect(again).toBeDefined();
  });

  it("is taken over from a process that was killed", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const child = spawn("sleep", ["60"]);
    await takeLock(file, "belt up", testDependencies(folder.path, { pid: child.pid ?? 0 }));
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await using _mine = await takeLock(file, "belt up again", testDependencies(folder.path));
    expect(await readFile(file, "utf8")).toContain("belt up again");
  });

  it("is taken over from a process id that another process has now", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const deps = testDependencies(folder.path);
    await takeLock(file, "belt up", deps);
    const holder = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...holder, startTime: "1" }));
    await using _mine = await takeLock(file, "belt up again", deps);
    expect(await readFile(file, "utf8")).toContain("belt up again");
  });

  it("is not taken from another host, whose processes cannot be looked at", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    await takeLock(file, "belt up", testDependencies(folder.path, { hostname: "elsewhere", pid: 999_999_999 }));
    await expect(takeLock(file, "belt up", testDependencies(folder.path))).rejects.toMatchObject({
      code: "guard.lock",
    });
  });

  it("lets one of many at once in", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    await writeFile(file, "damaged");
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => takeLock(file, "belt up", testDependencies(folder.path))),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
