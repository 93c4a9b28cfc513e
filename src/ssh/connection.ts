import type { Duplex, Readable } from "node:stream";
import type { OwnHost } from "./openssh/own-host.ts";

/** How to run one command on a machine. */
export interface ExecOptions {
  readonly signal: AbortSignal;
  /** How long the command may take, in milliseconds; 60,000 unless given, `Infinity` for no limit. When it is over, the command is given up with `ssh.deadline`. */
  readonly deadlineMs?: number;
  /** Run as root: through `sudo -n` when the connection's user is not root. */
  readonly sudo?: boolean;
  readonly stdin?: string | Uint8Array | Readable;
  /** Called with each chunk as it comes, in addition to collecting it. A promise that it returns holds the stream back until it settles. */
  readonly onStdout?: (chunk: Buffer) => void;
  readonly onStderr?: (chunk: Buffer) => void;
  /** Collect output into the result, up to 8 MiB of each stream; true unless given. More is `ssh.too-much`, and ends the connection. */
  readonly collect?: boolean;
}

/** How a command on a machine ended. A connection that dies is an error, never a result. */
export interface ExecResult {
  /** The exit code; 128 + the signal's number if a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What an interactive session needs from the terminal that it runs in. */
export interface TerminalStreams {
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** The terminal's size now; absent when there is no terminal. */
  readonly size: () => { readonly columns: number; readonly rows: number } | undefined;
  /** Calls back on each resize; returns the function that stops it. */
  readonly onResize: (listener: () => void) => () => void;
  /** Puts the terminal in raw mode or back; does nothing without a terminal. */
  readonly setRawMode: (raw: boolean) => void;
  /** The value of TERM. */
  readonly term: string;
}

/**
 * One SSH connection to one machine, kept for the whole command and multiplexed: channels are cheap, handshakes are not.
 * Every method settles when the connection dies or the deadline passes.
 *
 * @throws BeltError `ssh.closed`, `ssh.deadline`, `ssh.sudo`, each naming the machine.
 */
export interface Connection extends AsyncDisposable {
  /** The machine's name, for messages. */
  readonly name: string;
  readonly user: string;
  readonly address: string;
  /** The pinned host key that the machine has shown: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** Runs a command given as words; the remote shell sees exactly these words. */
  exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** Writes a file as root by stdin, whole or not at all; the mode is set before the content is there. Parent folders are made. */
  writeFile(path: string, content: string | Uint8Array, mode: number, signal: AbortSignal): Promise<void>;
  /** A stream to a unix socket on the machine (for the Engine API): directly, or by `sudo -n docker system dial-stdio` where the socket is not ours. It lives until it is destroyed or the connection ends; the signal is for the opening. @throws BeltError `engine.unreachable`. */
  openSocket(path: string, signal: AbortSignal): Promise<Duplex>;
  /** An interactive terminal, running a command or the login shell; resolves with the exit code. */
  terminal(streams: TerminalStreams, argv: readonly string[] | undefined, signal: AbortSignal): Promise<number>;
}

/** Where a machine answers and how it proves itself. */
export interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The private key in OpenSSH format (PEM text). */
  readonly privateKey: import("../util/secret.ts").Secret;
  /** Pinned host keys, each `ssh-ed25519 AAAA…`; any other key is refused before anything is sent. */
  readonly hostKeys: readonly string[];
  /** Set where the operator's own OpenSSH knows the way: its configuration says the real address, and what carries the bytes there. */
  readonly way?: OwnHost | undefined;
}

/** Opens connections; the real one is `ssh/connect.ts`. */
export type Connect = (target: Target, signal: AbortSignal) => Promise<Connection>;
