import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnect } from "../../src/ssh/connect.ts";
import type { Connection } from "../../src/ssh/connection.ts";
import { MAX_COLLECTED_BYTES } from "../../src/ssh/exec.ts";
import { systemClock } from "../../src/util/clock.ts";
import { type Sshd, startSshd, until } from "../support/sshd.ts";

const { signal } = new AbortController();
const connect = createConnect({ clock: systemClock });
const TEN_MB = 10 * 1024 * 1024;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
let sshd: Sshd;
let connection: Connection;

beforeAll(async () => {
  sshd = await startSshd();
  connection = await connect(sshd.target(), signal);
});

afterAll(async () => {
  await connection[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});

describe("a command's words", () => {
  it("arrive exactly, whatever is in them", async () => {
    const word = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
      fc.constantFrom("", " ", "'", '"', "\\", "$HOME", "`id`", "*", "~", "a=b", "\n", "-n", "!!", "#", "é", "{a,b}"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 8 }), async (words) => {
        const { stdout } = await connection.exec(["printf", "%s\\0", ...words], { signal });
        expect(stdout.split("\0").slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["an assignment", "a=b"],
    ["a keyword", "if"],
  ])("are a command even if the first looks like %s", async (_, word) => {
    const result = await connection.exec([word, "x"], { signal });
    expect(result.code).toBe(127);
    expect(result.stderr).toContain(`${word}: command not found`);
  });

  it.each([
    ["there are none", []],
    ["one holds a NUL", ["echo", "a\0b"]],
  ])("are refused when %s", async (_, words) => {
    await expect(connection.exec(words, { signal })).rejects.toMatchObject({ code: "usage.invalid" });
  });
});

describe("how a command ends", () => {
  it.each([
    ["its exit code", ["sh", "-c", "exit 7"], 7],
    ["127 for a command that is not there", ["no-such-command"], 127],
    ["128 and the signal's number", ["sh", "-c", "kill -9 $$"], 137],
    ["128 and the number of another signal", ["sh", "-c", "kill -TERM $$"], 143],
  ])("is told as %s", async (_, argv, code) => {
    expect((await connection.exec(argv, { signal })).code).toBe(code);
  });

  it("keeps output and errors apart", async () => {
    expect(await connection.exec(["sh", "-c", "echo out; echo err >&2"], { signal })).toEqual({
      code: 0,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("collects nothing where it should not, and still hands it on", async () => {
    const chunks: Buffer[] = [];
    const onStdout = (chunk: Buffer): void => void chunks.push(chunk);
    const result = await connection.exec(["echo", "hello"], { signal, collect: false, onStdout });
    expect([result.stdout, Buffer.concat(chunks).toString()]).toEqual(["", "hello\n"]);
  });

  it("sends the end of input at once where there is none, so that nothing waits for it", async () => {
    expect((await connection.exec(["cat"], { signal })).stdout).toBe("");
  });
});

describe("much data", () => {
  const bytes = randomBytes(TEN_MB);

  it("comes out whole, in order", async () => {
    const most = String(MAX_COLLECTED_BYTES);
    const { stdout } = await connection.exec(["head", "-c", most, "/dev/zero"], { signal });
    expect(stdout.length).toBe(MAX_COLLECTED_BYTES);
  });

  it.each([
    ["output", "yes"],
    ["errors", "yes >&2"],
  ])("without an end among its %s ends the command and the connection, and fills no memory", async (_, line) => {
    await using talkative = await connect(sshd.target(), signal);
    const before = process.memoryUsage().rss;
    await expect(talkative.exec(["sh", "-c", line], { signal })).rejects.toMatchObject({
      code: "ssh.too-much",
      message: expect.stringMatching(/^node1: sh -c .*yes.* printed more than 8 MiB$/),
    });
    await expect(talkative.exec(["true"], { signal })).rejects.toMatchObject({ code: "ssh.closed" });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 ** 2);
  });

  it.each([
    ["bytes", () => bytes],
    ["a stream", () => Readable.from([bytes.subarray(0, 5_000_000), bytes.subarray(5_000_000)])],
  ])("goes both ways at once, given as %s", async (_, stdin) => {
    const hash = createHash("sha256");
    const onStdout = (chunk: Buffer): void => void hash.update(chunk);
    const result = await connection.exec(["cat"], { signal, stdin: stdin(), collect: false, onStdout });
    expect([result.code, hash.digest("hex")]).toEqual([0, sha(bytes)]);
  });

  it("waits for a listener that takes its time", async () => {
    let pending = 0;
    let most = 0;
    let received = 0;
    const onStdout = async (chunk: Buffer): Promise<void> => {
      pending += 1;
      most = Math.max(most, pending);
      await new Promise((resolve) => setImmediate(resolve));
      pending -= 1;
      received += chunk.length;
    };
    await connection.exec(["head", "-c", String(TEN_MB), "/dev/zero"], { signal, collect: false, onStdout });
    expect([most, received]).toEqual([1, TEN_MB]);
  });

  it("is no trouble when the command ends without reading its input", async () => {
    expect((await connection.exec(["true"], { signal, stdin: bytes })).code).toBe(0);
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65536);
      })(),
    );
    expect((await connection.exec(["sh", "-c", "exit 3"], { signal, stdin: endless })).code).toBe(3);
    endless.destroy();
  });

  it("ends the command when its source fails", async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error("disk error"));
      },
    });
    await expect(connection.exec(["cat"], { signal, stdin: broken })).rejects.toThrow("disk error");
  });

  it("ends the command when its listener fails", async () => {
    const onStdout = (): void => {
      throw new Error("listener failed");
    };
    await expect(connection.exec(["yes"], { signal, onStdout })).rejects.toThrow("listener failed");
  });
});

describe("output that goes on after the command has ended", () => {
  it("ends with the command once nothing comes any more", async () => {
    const started = performance.now();
    const result = await connection.exec(["sh", "-c", "sleep 600 & echo begun; exit 3"], { signal });
    expect(result).toMatchObject({ code: 3, stdout: "begun\n" });
    expect(performance.now() - started).toBeGreaterThan(4000);
  });

  it("is waited for as long as something comes", async () => {
    const line = "(for one in 1 2 3; do sleep 3; echo late; done) & exit 0";
    expect((await connection.exec(["sh", "-c", line], { signal })).stdout).toBe("late\nlate\nlate\n");
  });
});

describe("many commands on one connection", () => {
  it("all run, though sshd admits ten sessions", async () => {
    const numbers = Array.from({ length: 40 }, (_, index) => String(index));
    const results = await Promise.all(numbers.map((number) => connection.exec(["echo", number], { signal })));
    expect(results.map((result) => result.stdout.trim())).toEqual(numbers);
  });

  it("all run on an sshd that admits fewer than usual", async () => {
    await using strict = await startSshd({ config: ["MaxSessions 2"] });
    await using narrow = await connect(strict.target(), signal);
    const numbers = Array.from({ length: 12 }, (_, index) => String(index));
    const results = await Promise.all(numbers.map((number) => narrow.exec(["echo", number], { signal })));
    expect(results.map((result) => result.stdout.trim())).toEqual(numbers);
  });

  it("are refused by name on an sshd that admits none", async () => {
    await using strict = await startSshd({ config: ["MaxSessions 0"] });
    await using none = await connect(strict.target(), signal);
    await expect(none.exec(["true"], { signal })).rejects.toMatchObject({
      code: "ssh.closed",
      message: expect.stringContaining("node1 refused a session"),
    });
  });
});

describe("a command that does not end", () => {
  it("is given up at its deadline, and the connection goes on", async () => {
    await expect(connection.exec(["sleep", "600"], { signal, deadlineMs: 100 })).rejects.toMatchObject({
      code: "ssh.deadline",
      message: "node1: sleep 600 did not end within 100 ms",
    });
    expect((await connection.exec(["echo", "still here"], { signal })).stdout).toBe("still here\n");
  });

  it("is given up when the caller gives up", async () => {
    const caller = new AbortController();
    const onStdout = (): void => caller.abort(new Error("interrupted"));
    const running = connection.exec(["sh", "-c", "echo started; sleep 600"], { signal: caller.signal, onStdout });
    await expect(running).rejects.toThrow("interrupted");
  });

  it("gives its place back", async () => {
    const hanging = Array.from({ length: 16 }, () =>
      connection.exec(["cat"], { signal, deadlineMs: 150, stdin: new Readable({ read() {} }) }),
    );
    for (const result of await Promise.allSettled(hanging)) expect(result.status).toBe("rejected");
    expect((await connection.exec(["true"], { signal })).code).toBe(0);
  });
});

describe("a connection that dies", () => {
  it.each(["exec", "openSocket", "writeFile"] as const)(
    "settles what is under way and what comes after: %s",
    async (method) => {
      await using doomed = await connect(sshd.target({ name: "doomed" }), signal);
      const work = {
        exec: () => doomed.exec(["sleep", "600"], { signal }),
        openSocket: () => doomed.openSocket("/nowhere", signal),
        writeFile: () => doomed.writeFile("/proc/none/x", "x", 0o600, signal),
      };
      const running = doomed.exec(["sh", "-c", "echo up; sleep 600"], { signal, onStdout: () => kill(sshd) });
      await expect(running).rejects.toMatchObject({ code: "ssh.closed", message: "the connection to doomed ended" });
      await expect(work[method]()).rejects.toMatchObject({ code: "ssh.closed" });
      connection = await connect(sshd.target(), signal); // the shared one died with it
    },
  );

  it("is noticed by questions that stay unanswered, when the machine freezes in the middle of a command", async () => {
    const watchful = createConnect({ clock: systemClock, keepaliveMs: 50 });
    await using frozen = await watchful(sshd.target({ name: "frozen" }), signal);
    const onStdout = (): void => sshd.signalSessions("SIGSTOP");
    const running = frozen.exec(["sh", "-c", "echo up; sleep 600"], {
      signal,
      onStdout,
      deadlineMs: Number.POSITIVE_INFINITY,
    });
    await expect(running).rejects.toMatchObject({
      code: "ssh.closed",
      message: "the connection to frozen ended: Keepalive timeout",
    });
    sshd.signalSessions("SIGCONT");
  });

  it("does not keep a command past its deadline when the machine freezes", async () => {
    await using frozen = await connect(sshd.target({ name: "frozen" }), signal);
    const onStdout = (): void => sshd.signalSessions("SIGSTOP");
    const argv = ["sh", "-c", "echo up; sleep 600"];
    await expect(frozen.exec(argv, { signal, onStdout, deadlineMs: 300 })).rejects.toMatchObject({
      code: "ssh.deadline",
    });
    await expect(frozen.exec(["true"], { signal, deadlineMs: 100 })).rejects.toMatchObject({ code: "ssh.deadline" });
    sshd.signalSessions("SIGCONT");
  });

  it("takes what is under way with it when it is closed here, and sshd sees a clean end", async () => {
    const before = sshd.log().length;
    const closing = await connect(sshd.target(), signal);
    const quiet = Promise.withResolvers<void>();
    const running = closing.exec(["sh", "-c", "echo up; exec sleep 600"], { signal, onStdout: () => quiet.resolve() });
    running.catch(() => {});
    await quiet.promise;
    await closing[Symbol.asyncDispose]();
    await expect(running).rejects.toMatchObject({ code: "ssh.closed" });
    await until(
      () => /Received disconnect from .*:11/.test(sshd.log().slice(before)),
      () => "sshd saw no disconnect",
    );
  });

  it("throws nothing where nobody can catch it, with streams held back and half written", async () => {
    await using doomed = await connect(sshd.target({ name: "doomed" }), signal);
    const stuck = new Promise<void>(() => {});
    const both = doomed.exec(["sh", "-c", "cat /dev/zero"], {
      signal,
      onStdout: () => stuck,
      stdin: randomBytes(TEN_MB),
    });
    both.catch(() => {});
    await until(
      () => sshd.sessions().length > 2,
      () => "the command did not start",
    );
    kill(sshd);
    await expect(both).rejects.toMatchObject({ code: "ssh.closed" });
    connection = await connect(sshd.target(), signal);
  });
});

/** Ends the processes of all connections, as a crash would. */
function kill(server: Sshd): void {
  server.signalSessions("SIGKILL");
}
