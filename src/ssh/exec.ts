import { constants } from "node:os";
import { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";
import { BoundedBytes } from "../util/bounded-bytes.ts";
import { BeltError } from "../util/errors.ts";
import { quoteCommand } from "../util/shell.ts";
import { bounded } from "./bounded.ts";
import { openSession } from "./channels.ts";
import type { ExecOptions, ExecResult } from "./connection.ts";
import { connectionClosed } from "./failures.ts";
import { abandon, type Link } from "./link.ts";

const DEFAULT_DEADLINE_MS = 60_000;
/** How much of each of a command's two outputs is collected. */
export const MAX_COLLECTED_BYTES = 8 * 1024 ** 2;
/** How long after a command's end the end of its output may take, with nothing coming any more. */
const LATE_OUTPUT_MS = 5000;

/**
 * Runs a command on a machine and waits for its end. A command that is given up gets a TERM signal if its input is still
 * open, and its channel is closed; what sshd does with it then is sshd's.
 *
 * @throws BeltError `ssh.closed` when the connection ends first, `ssh.deadline` when the time is over first,
 * `ssh.too-much` for more output than is collected.
 */
export async function execute(link: Link, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const line = commandLine(link, argv, options.sudo === true);
  const deadline = {
    ms: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    what: `${link.target.name}: ${summary(argv)} did not end`,
    code: "ssh.deadline",
    hint: `See what ${link.target.name} is busy with: belt ssh ${link.target.name}`,
    signal: options.signal,
  } as const;
  return await bounded(link, deadline, async (signal) => {
    const channel = await openSession(link, (done) => link.client.exec(line, done), signal);
    return await runToEnd(channel, { link, argv, options, signal });
  });
}

/** What goes over the wire: the words, quoted for the login shell, after `sudo -n --` where root is asked for and the user is not root. */
export function commandLine(link: Link, argv: readonly string[], sudo: boolean): string {
  if (argv.length === 0 || argv.some((word) => word.includes("\0")))
    throw new BeltError("usage.invalid", "a command needs at least one word, and no word can hold a NUL character");
  return quoteCommand(sudo && link.target.user !== "root" ? ["sudo", "-n", "--", ...argv] : argv);
}

/**
 * Waits for a command's channel to close after all its output, and gives the exit code as a shell does: 128 and the signal's
 * number where a signal ended the command. Where the command has ended and its output does not, silence is its end.
 *
 * @throws BeltError `ssh.closed` if neither came: the connection ended, not the command.
 */
export async function endOfCommand(channel: ClientChannel, link: Link): Promise<number> {
  const over = new AbortController();
  const closed = Promise.all([endOf(channel), endOf(channel.stderr)]).then(([how]) => how);
  const silent = silenceAfterExit(channel, link, over.signal);
  const [code, signalName] = await Promise.race([closed, silent]).finally(() => over.abort());
  if (typeof code === "number") return code;
  if (typeof signalName !== "string") throw connectionClosed(link.target, new Error("no exit code came"));
  const number = Object.entries(constants.signals).find(([name]) => name === signalName)?.[1];
  return 128 + (number ?? 0);
}

/** How a command has ended, once nothing came any more for a while after that. Never resolves once `over` has aborted. */
function silenceAfterExit(channel: ClientChannel, link: Link, over: AbortSignal): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    channel.once("exit", async (...how: unknown[]) => {
      let seen = true;
      const see = (): void => {
        seen = true;
      };
      for (const stream of [channel, channel.stderr]) stream.on("data", see);
      try {
        while (seen) {
          seen = channel.readableLength + channel.stderr.readableLength > 0; // held back by whoever reads it
          await link.clock.sleep(LATE_OUTPUT_MS, over);
        }
        abandon(channel);
        resolve(how);
      } catch {
        // it was closed as it should be
      }
    });
  });
}

/** What is said of a command that printed more than is collected. */
export function tooMuch(name: string, argv: readonly string[]): BeltError {
  const most = `${MAX_COLLECTED_BYTES / 1024 ** 2} MiB`;
  return new BeltError("ssh.too-much", `${name}: ${summary(argv)} printed more than ${most}`, {
    hint: `See what ${name} prints: belt ssh ${name}`,
  });
}

interface Run {
  readonly link: Link;
  readonly argv: readonly string[];
  readonly options: ExecOptions;
  readonly signal: AbortSignal;
}

function runToEnd(channel: ClientChannel, run: Run): Promise<ExecResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ExecResult>();
  const { options, signal } = run;
  const giveUp = (reason: unknown): void => {
    reject(reason);
    channel.signal("TERM");
    abandon(channel);
  };
  const overflow = (): void => {
    giveUp(tooMuch(run.link.target.name, run.argv));
    run.link.close(); // it may go on sending, whatever it is told
  };
  const collect = options.collect !== false;
  const stdout = tap(channel, { collect, onChunk: options.onStdout, giveUp, overflow });
  const stderr = tap(channel.stderr, { collect, onChunk: options.onStderr, giveUp, overflow });
  const stopFeeding = feed(channel, options.stdin, giveUp);
  const aborted = (): void => giveUp(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  endOfCommand(channel, run.link)
    .then(async (code) => {
      await Promise.all([stdout.idle(), stderr.idle()]);
      resolve({ code, stdout: String(stdout.bytes), stderr: String(stderr.bytes) });
    })
    .catch(reject);
  return promise.finally(() => {
    signal.removeEventListener("abort", aborted);
    stopFeeding();
  });
}

interface Tap {
  readonly collect: boolean;
  readonly onChunk: ((chunk: Buffer) => unknown) | undefined;
  readonly giveUp: (reason: unknown) => void;
  /** Called when more came than is collected. */
  readonly overflow: () => void;
}

interface Tapped {
  readonly bytes: BoundedBytes;
  /** Waits for the callback's last promise: a paused stream may still say that it has ended. */
  readonly idle: () => Promise<unknown>;
}

/** Hands on what a stream brings, and holds it back while the callback's promise is pending. */
function tap(stream: Readable, { collect, onChunk, giveUp, overflow }: Tap): Tapped {
  const bytes = new BoundedBytes(MAX_COLLECTED_BYTES);
  let busy: Promise<unknown> = Promise.resolve();
  stream.on("data", (chunk: Buffer) => {
    if (collect && !bytes.push(chunk)) return overflow();
    try {
      const pending = onChunk?.(chunk);
      if (!(pending instanceof Promise)) return;
      stream.pause();
      busy = pending.then(() => stream.resume(), giveUp);
    } catch (error) {
      giveUp(error);
    }
  });
  return { bytes, idle: () => busy };
}

/** Gives the command its input, and its end at once where there is none; returns the function that lets go of it. */
function feed(channel: ClientChannel, stdin: ExecOptions["stdin"], giveUp: (reason: unknown) => void): () => void {
  if (!(stdin instanceof Readable)) {
    channel.end(stdin);
    return () => {};
  }
  stdin.on("error", giveUp);
  stdin.pipe(channel);
  return () => {
    stdin.off("error", giveUp);
    stdin.unpipe(channel);
  };
}

/** The arguments of a stream's `close` event; ssh2 sends it on a channel after the last data, with how the command ended. */
function endOf(stream: Readable): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    stream.once("close", (...how: unknown[]) => resolve(how));
  });
}

/** The first words of a command, for messages. */
function summary(argv: readonly string[]): string {
  const line = quoteCommand(argv);
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
