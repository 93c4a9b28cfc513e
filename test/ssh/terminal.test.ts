import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createConnect } from "../../src/ssh/connect.ts";
import type { Connection, TerminalStreams } from "../../src/ssh/connection.ts";
import { systemClock } from "../../src/util/clock.ts";
import { type Sshd, startSshd, until } from "../support/sshd.ts";

const { signal } = new AbortController();
const connect = createConnect({ clock: systemClock });
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

/** A terminal that a test types on and reads from. */
class FakeTerminal implements TerminalStreams {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly term = "xterm-256color";
  /** Each change of raw mode, in order. */
  readonly rawModes: boolean[] = [];
  shown = "";
  errors = "";
  current: { columns: number; rows: number } | undefined;
  listeners = new Set<() => void>();

  constructor(size: { columns: number; rows: number } | undefined) {
    this.current = size;
    this.stdout.on("data", (chunk: Buffer) => {
      this.shown += chunk.toString();
    });
    this.stderr.on("data", (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
  }

  size = () => this.current;

  onResize = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  setRawMode = (raw: boolean) => {
    this.rawModes.push(raw);
  };

  resize(columns: number, rows: number): void {
    this.current = { columns, rows };
    for (const listener of this.listeners) listener();
  }

  async see(pattern: RegExp): Promise<void> {
    await until(
      () => pattern.test(this.shown),
      () => `${pattern} did not appear in ${JSON.stringify(this.shown)}`,
    );
  }
}

describe("an interactive terminal", () => {
  const size = { columns: 91, rows: 17 };

  it("runs the login shell on a pty of the right size and kind, and gives its exit code", async () => {
    const terminal = new FakeTerminal(size);
    const session = connection.terminal(terminal, undefined, signal);
    terminal.stdin.write('stty size; echo "term is $TERM"; tty\n');
    await terminal.see(/17 91/);
    await terminal.see(/term is xterm-256color/);
    await terminal.see(/\/dev\/pts\//);
    terminal.stdin.write("exit 42\n");
    expect(await session).toBe(42);
    expect(terminal.rawModes).toEqual([true, false]);
    expect(terminal.listeners.size).toBe(0);
  });

  it("follows the window when it is resized", async () => {
    const terminal = new FakeTerminal(size);
    const session = connection.terminal(terminal, ["sh", "-c", "echo ready; read _; stty size"], signal);
    await terminal.see(/ready/);
    terminal.resize(120, 40);
    terminal.stdin.write("\n");
    expect(await session).toBe(0);
    await terminal.see(/40 120/);
  });

  it("lets Ctrl-C through as a byte, which ends the command there", async () => {
    const terminal = new FakeTerminal(size);
    const session = connection.terminal(terminal, ["sh", "-c", "echo ready; exec sleep 600"], signal);
    await terminal.see(/ready/);
    terminal.stdin.write("\x03");
    expect(await session).toBe(130);
    expect(terminal.rawModes).toEqual([true, false]);
  });

  it("goes back from raw mode when the caller gives up", async () => {
    const terminal = new FakeTerminal(size);
    const caller = new AbortController();
    const session = connection.terminal(terminal, ["sh", "-c", "echo ready; sleep 600"], caller.signal);
    session.catch(() => {});
    await terminal.see(/ready/);
    caller.abort(new Error("interrupted"));
    await expect(session).rejects.toThrow("interrupted");
    expect(terminal.rawModes).toEqual([true, false]);
  });

  it("goes back from raw mode when the connection dies", async () => {
    await using server = await startSshd();
    await using doomed = await connect(server.target({ name: "doomed" }), signal);
    const terminal = new FakeTerminal(size);
    const session = doomed.terminal(terminal, undefined, signal);
    session.catch(() => {});
    terminal.stdin.write("echo rea''dy\n");
    await terminal.see(/ready/);
    server.signalSessions("SIGKILL");
    await expect(session).rejects.toMatchObject({ code: "ssh.closed" });
    expect(terminal.rawModes).toEqual([true, false]);
    expect(terminal.stdin.listenerCount("data")).toBe(0);
  });

  it("ends when its own screen goes away", async () => {
    const terminal = new FakeTerminal(size);
    const session = connection.terminal(terminal, ["yes"], signal);
    await terminal.see(/y/);
    terminal.stdout.destroy(new Error("EPIPE"));
    expect(await session).toBe(141);
    expect(terminal.rawModes).toEqual([true, false]);
  });
});

describe("a session without a terminal", () => {
  it("pipes its input, keeps output and errors apart, and never touches raw mode", async () => {
    const terminal = new FakeTerminal(undefined);
    const session = connection.terminal(terminal, ["sh", "-c", "cat; echo err >&2; [ -t 0 ] || exit 5"], signal);
    terminal.stdin.end("from here\n");
    expect(await session).toBe(5);
    expect([terminal.shown, terminal.errors, terminal.rawModes]).toEqual(["from here\n", "err\n", []]);
  });

  it("feeds the login shell from its input", async () => {
    const terminal = new FakeTerminal(undefined);
    const session = connection.terminal(terminal, undefined, signal);
    terminal.stdin.end("echo one; exit 6\n");
    expect(await session).toBe(6);
    expect(terminal.shown).toContain("one");
  });

  it("gives all the output of a command that ends at once", async () => {
    const terminal = new FakeTerminal(undefined);
    expect(await connection.terminal(terminal, ["seq", "100000"], signal)).toBe(0);
    await terminal.see(/\n100000\n$/);
  });

  it("tells 128 and the number of the signal that ended the command", async () => {
    const terminal = new FakeTerminal(undefined);
    expect(await connection.terminal(terminal, ["sh", "-c", "kill -9 $$"], signal)).toBe(137);
  });
});
