import type { Readable } from "node:stream";
import type { TerminalStreams } from "../ssh/connection.ts";
import type { Clock } from "../util/clock.ts";
import type { Library } from "./library.ts";
import type { Paint } from "./paint.ts";

/** The program's surroundings. Everything that touches the process, the terminal or the host comes through here. */
export interface Io {
  readonly stdin: Readable;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Which of the three are terminals. */
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Standard error and standard output as streams that can be drawn on; absent unless standard error is a terminal. */
  readonly screen: { readonly drawn: NodeJS.WriteStream; readonly other: NodeJS.WriteStream } | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** The terminal for interactive sessions. */
  readonly streams: TerminalStreams;
  /** Aborts at the first Ctrl-C (or SIGTERM), with a BeltError `interrupted`. */
  readonly interrupted: AbortSignal;
  /** Aborts when the reader of standard output has gone. */
  readonly outputClosed: AbortSignal;
  /** Leaves Ctrl-C to a child program or to the far end until it is disposed. */
  holdInterrupts(): Disposable;
  /** Asks on standard error and reads one line; `undefined` at the end of input. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** The same for what the terminal must not show. */
  askHidden(question: string, signal: AbortSignal): Promise<string | undefined>;
  readonly host: Host;
  /** What the commands act through; its parts are loaded at first use, since help and version need none of it. */
  readonly library: Library;
  /** Lets the process end. */
  close(): void;
}

/** What some commands need of this host. */
export interface Host {
  readonly uid: number;
  readonly platform: string;
  readonly nodeVersion: string;
  /** The version of this package. */
  beltVersion(): Promise<string>;
  /** The first program of this name on PATH, as an absolute path. */
  findProgram(name: string): Promise<string | undefined>;
  /** Runs a program on our own stdin, stdout and stderr; resolves with its exit code. */
  runAttached(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number>;
  /** Runs a program without input, giving its output away as it comes. */
  runStreaming(
    argv: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
    output: { readonly onStdout: (chunk: Buffer) => void; readonly onStderr: (chunk: Buffer) => void },
    signal: AbortSignal,
  ): Promise<number>;
  /** Listens on a unix socket in a new folder that only we may enter; gone when disposed, and at exit. */
  serveSocket(onConnection: (socket: import("node:stream").Duplex) => void): Promise<ServedSocket>;
  /** `mode` is 0644 unless given. */
  writeFile(path: string, text: string, mode?: number): Promise<void>;
  /** Makes a folder and those above it. */
  makeFolder(path: string): Promise<void>;
  readText(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
  /** Bytes free for us on the file system of the nearest existing folder. */
  freeBytes(path: string): Promise<number | undefined>;
  /** Bytes of memory of this host. */
  readonly memoryBytes: number;
}

/** A unix socket that is being listened on. */
export interface ServedSocket extends AsyncDisposable {
  readonly path: string;
}

/** The options that every command takes. */
export interface Globals {
  readonly cluster: string | undefined;
  /** Ranges given with `--host`. */
  readonly hosts: readonly string[];
  /** The providers by others whose code may run as it is now, given with `--trust-provider`. */
  readonly trust: readonly string[];
  readonly json: boolean;
  readonly yes: boolean;
  readonly debug: boolean;
}

/** What a running command works with. */
export interface CliContext {
  readonly io: Io;
  readonly globals: Globals;
  readonly library: Library;
  readonly signal: AbortSignal;
  /** Whether the line that ends JSON lines was printed: nothing follows it, an error neither. */
  readonly jsonEnd: { isPrinted: boolean };
  /** Styles for standard output and standard error; plain where color is off. */
  readonly paint: { readonly stdout: Paint; readonly stderr: Paint };
}
