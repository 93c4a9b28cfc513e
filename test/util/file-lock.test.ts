import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { lockFile } from "../../src/util/file-lock.ts";
import { temporaryFolder } from "../support/temporary.ts";

const signal = AbortSignal.timeout(60_000);

describe("a lock of this host", () => {
  it("is held by one at a time, and goes to the next when it is given back", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const order: string[] = [];
    const first = await lockFile(file, signal);
    const second = lockFile(file, signal).then((lock) => {
      order.push("second");
      return lock;
    });
    const third = await lockFile(path.join(folder.path, "other"), signal); // another file is another lock
    order.push("first ends");
    await first[Symbol.asyncDispose]();
    await (await second)[Symbol.asyncDispose]();
    await third[Symbol.asyncDispose]();
    expect(order).toEqual(["first ends", "second"]);
  });

  it("never lets two of a crowd in at once, even when each removes the file at its end", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    let inside = 0;
    let most = 0;
    const enter = async (): Promise<void> => {
      await using _lock = await lockFile(file, signal);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      await rm(file);
    };
    await Promise.all(Array.from({ length: 12 }, enter));
    expect(most).toBe(1);
  });

  it("is free again when its holder is killed", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    const source = `
      import { lockFile } from ${JSON.stringify(path.join(import.meta.dirname, "../../src/util/file-lock.ts"))};
      const lock = await lockFile(${JSON.stringify(file)}, new AbortController().signal);
      console.log("held");
      setInterval(() => lock, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    const waiting = lockFile(file, signal);
    child.kill("SIGKILL");
    const lock = await waiting;
    expect(child.killed).toBe(true);
    await lock[Symbol.asyncDispose]();
  });

  it("is not waited for after the signal aborts", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "lock");
    await using _held = await lockFile(file, signal);
    const stop = new AbortController();
    const waiting = lockFile(file, stop.signal);
    stop.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow("interrupted");
  });

  it("says so when the file cannot be made", async () => {
    await expect(lockFile("/proc/nowhere/lock", signal)).rejects.toMatchObject({ code: "internal" });
  });
});
