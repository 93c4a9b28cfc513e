import type { ClientChannel, PseudoTtyOptions } from "ssh2";
import { bounded } from "./bounded.ts";
import { openSession } from "./channels.ts";
import type { TerminalStreams } from "./connection.ts";
import { commandLine, endOfCommand } from "./exec.ts";
import { abandon, type Link } from "./link.ts";

/** What a shell reports for a command that wrote to a reader who had left. */
const BROKEN_PIPE_CODE = 141;
const OPEN_MS = 30_000;

/**
 * Joins a terminal with a command on the machine, or with the login shell, until it ends. Keys go through as they are
 * (Ctrl-C is a byte), resizes follow, and raw mode ends however the session does. Without a terminal there is no pty:
 * input is piped, and output and errors stay apart.
 *
 * @returns the exit code.
 * @throws BeltError `ssh.closed` when the connection ends first; the signal's reason when that aborts.
 */
export async function runTerminal(
  link: Link,
  session: { readonly streams: TerminalStreams; readonly argv: readonly string[] | undefined },
  caller: AbortSignal,
): Promise<number> {
  const what = `${link.target.name} did not open a terminal`;
  const deadline = { ms: OPEN_MS, what, code: "ssh.deadline", signal: caller } as const;
  const channel = await bounded(link, deadline, (signal) => {
    return openSession(link, opener(link, session.streams, session.argv), signal);
  });
  const signal = AbortSignal.any([caller, link.lost]);
  return await join(channel, { link, streams: session.streams, signal });
}

function opener(link: Link, streams: TerminalStreams, argv: readonly string[] | undefined) {
  const pty = ptyOf(streams);
  const line = argv ? commandLine(link, argv, false) : undefined;
  return (done: (error: Error | undefined, channel: ClientChannel) => void): void => {
    if (line === undefined) link.client.shell(pty ?? false, {}, done);
    else if (pty) link.client.exec(line, { pty }, done);
    else link.client.exec(line, done);
  };
}

function ptyOf(streams: TerminalStreams): PseudoTtyOptions | undefined {
  const size = streams.size();
  return size && { rows: size.rows, cols: size.columns, width: 0, height: 0, term: streams.term };
}

interface Join {
  readonly link: Link;
  readonly streams: TerminalStreams;
  readonly signal: AbortSignal;
}

async function join(channel: ClientChannel, { link, streams, signal }: Join): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const giveUp = (): void => reject(signal.reason);
  const hungUp = (): void => resolve(BROKEN_PIPE_CODE);
  const resize = (): void => {
    const size = streams.size();
    if (size) channel.setWindow(size.rows, size.columns, 0, 0);
  };
  const hasTerminal = streams.size() !== undefined;
  const stopResizing = streams.onResize(resize);
  signal.addEventListener("abort", giveUp, { once: true });
  for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream.on("error", hungUp);
  endOfCommand(channel, link).then(resolve, reject);
  try {
    signal.throwIfAborted();
    if (hasTerminal) streams.setRawMode(true);
    resize(); // it may have changed while the channel opened
    connectStreams(channel, streams);
    return await promise;
  } finally {
    if (hasTerminal) streams.setRawMode(false);
    stopResizing();
    signal.removeEventListener("abort", giveUp);
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream.off("error", hungUp);
    streams.stdin.unpipe(channel);
    channel.unpipe(streams.stdout);
    channel.stderr.unpipe(streams.stderr);
    abandon(channel);
  }
}

function connectStreams(channel: ClientChannel, streams: TerminalStreams): void {
  channel.pipe(streams.stdout, { end: false });
  channel.stderr.pipe(streams.stderr, { end: false });
  streams.stdin.pipe(channel);
}
