import { homedir, hostname, totalmem, userInfo } from "node:os";
import { isatty } from "node:tty";
import { systemClock } from "../util/clock.ts";
import type { Io } from "./context.ts";
import { exitCodes } from "./exit-code.ts";
import { createInterrupts, type Interrupts } from "./interrupts.ts";
import { realHost } from "./real-host.ts";
import { realLibrary, realParts, type Surroundings } from "./real-library.ts";
import { terminalStreams } from "./real-terminal.ts";

/** Everything real: the process, its streams and signals, this host, and the library on top of them. */
export function realIo(): Io {
  const { stdout, stderr, env } = process;
  const interrupts = listenForSignals();
  const terminal = { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) };
  let stdinUsed = false;
  // Merely looking at process.stdin opens it: a command that reads nothing must not.
  const stdin = (): typeof process.stdin => {
    stdinUsed = true;
    return process.stdin;
  };
  const isTerminal = terminal.stdin && terminal.stdout;
  return {
    get stdin() {
      return stdin();
    },
    stdout,
    stderr,
    terminal,
    // A terminal that tells no width, as some programs make them, cannot be drawn on.
    screen:
      terminal.stderr && stderr.columns > 0 && env["TERM"] !== "dumb" ? { drawn: stderr, other: stdout } : undefined,
    env,
    cwd: process.cwd(),
    clock: systemClock,
    get streams() {
      return terminalStreams({ stdin: stdin(), stdout, stderr, isTerminal, term: env["TERM"] });
    },
    interrupted: interrupts.signal,
    outputClosed: watchOutputs(),
    holdInterrupts: () => interrupts.hold(),
    ask: async (question, signal) => {
      const { askLine } = await import("../util/ask-line.ts");
      return await askLine({ input: stdin(), output: stderr }, question, signal);
    },
    askHidden: async (question, signal) => {
      const { askHidden } = await import("../util/ask-hidden.ts");
      const setRawMode = (raw: boolean): void => void stdin().setRawMode(raw);
      return await askHidden({ input: stdin(), output: stderr, setRawMode }, question, signal);
    },
    host: realHost({ ...platformFacts(), searchPath: env["PATH"] ?? "" }),
    library: realLibrary(surroundings(), () => realParts({ clock: systemClock })),
    close: () => {
      if (!stdinUsed) return;
      process.stdin.pause();
      // A file, also /dev/null, has nothing that would keep the process waiting.
      if ("unref" in process.stdin) process.stdin.unref();
    },
  };
}

function platformFacts() {
  return { uid: uid(), platform: process.platform, nodeVersion: process.version, memoryBytes: totalmem() };
}

function surroundings(): Surroundings {
  return {
    clock: systemClock,
    random: Math.random,
    env: process.env,
    uid: uid(),
    platform: process.platform,
    pid: process.pid,
    hostname: hostname(),
    username: username(),
    cwd: process.cwd(),
    homeFolder: homedir(),
  };
}

function uid(): number {
  return process.getuid?.() ?? -1;
}

/** A user id without an entry in the user database has no name, which is no reason to fail. */
function username(): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid());
  }
}

function listenForSignals(): Interrupts {
  const interrupts = createInterrupts({
    say: (text) => process.stderr.write(text),
    exit: (code) => process.exit(code),
  });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupts.receive(name));
  return interrupts;
}

/**
 * A reader that leaves early, such as `head`, is no error: what is written afterwards goes nowhere. Neither does a full disk
 * behind standard output end work halfway: it is said once, and the command ends as failed.
 */
function watchOutputs(): AbortSignal {
  const controller = new AbortController();
  process.stderr.on("error", () => {}); // there is nowhere left to say it
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const isFirst = !controller.signal.aborted;
    controller.abort(error);
    if (!isFirst || error.code === "EPIPE" || error.code === "EIO") return;
    process.once("exit", () => {
      process.exitCode ||= exitCodes.failed;
    });
    process.stderr.write(`belt: standard output cannot be written: ${error.message}\n`);
  });
  return controller.signal;
}
