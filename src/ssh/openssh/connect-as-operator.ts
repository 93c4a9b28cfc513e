import { type Duplex, Readable } from "node:stream";
import { BoundedBytes } from "../../util/bounded-bytes.ts";
import { withDeadline } from "../../util/deadline.ts";
import { BeltError } from "../../util/errors.ts";
import { type PipedProcess, startPiped } from "../../util/piped-processes.ts";
import { Semaphore } from "../../util/semaphore.ts";
import { quoteCommand } from "../../util/shell.ts";
import { checkSudo } from "../check-sudo.ts";
import type { Connection, ExecOptions, ExecResult } from "../connection.ts";
import { MAX_COLLECTED_BYTES, tooMuch } from "../exec.ts";
import { writeFile } from "../write-file.ts";
import { type Login, type LoginContext, type Master, openMaster } from "./master.ts";
import { ProcessStream } from "./process-stream.ts";

/** A connection by the operator's own ssh, and what ssh verified on the way. */
export interface OwnConnection extends Connection {
  /** The host key that it showed and that the operator's known_hosts vouches for; nothing is pinned here, so `hostKey` is empty. */
  readonly verified: Master["hostKey"];
}

/** sshd admits 10 sessions on a connection unless told otherwise. */
const MAX_SESSIONS = 8;
const DEFAULT_DEADLINE_MS = 60_000;
/** How long the end of a connection may take to be seen after a command ended as if by it. */
const endingMs = 1000;
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Connects to a host as its operator does, by one process of OpenSSH that everything else goes through: for hosts on which
 * nothing of the cluster's is yet. It has no interactive terminal, which the operator's own ssh is better for.
 *
 * @throws BeltError `ssh.host-key`, `ssh.auth-refused`, `ssh.unreachable`, `ssh.client`, `ssh.sudo`.
 */
export async function connectAsOperator(
  login: Login & { readonly user: string },
  context: LoginContext,
  signal: AbortSignal,
): Promise<OwnConnection> {
  const master = await openMaster(login, context, signal);
  const connection = connectionOver({ login, master, context, sessions: new Semaphore(MAX_SESSIONS) });
  try {
    if (login.user !== "root") await checkSudo(connection, signal);
    return connection;
  } catch (error) {
    await master[Symbol.asyncDispose]();
    throw error;
  }
}

interface Over {
  readonly login: Login & { readonly user: string };
  readonly master: Master;
  readonly context: LoginContext;
  readonly sessions: Semaphore;
}

function connectionOver(over: Over): OwnConnection {
  const { name, user, host } = over.login;
  const exec: Connection["exec"] = (argv, options) => execute(over, argv, options);
  return {
    ...{ name, user, address: host.address, hostKey: "", verified: over.master.hostKey, exec },
    writeFile: (path, content, mode, signal) => writeFile({ name, exec }, { path, content, mode }, signal),
    openSocket: (path, signal) => openSocket(over, path, signal),
    terminal: async () => {
      throw new BeltError("usage.not-yet", `${name} has nothing of the cluster's on it yet, so there is no terminal`, {
        hint: `Use your own: ssh ${host.address}`,
      });
    },
    [Symbol.asyncDispose]: () => over.master[Symbol.asyncDispose](),
  };
}

async function execute(over: Over, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { name } = over.login;
  const deadline = {
    ms: Math.min(options.deadlineMs ?? DEFAULT_DEADLINE_MS, LONGEST_MS),
    what: `${name}: ${quoteCommand(argv).slice(0, 60)} did not end`,
    code: "ssh.deadline",
  } as const;
  return await withDeadline(deadline, over.context.clock, options.signal, (signal) =>
    over.sessions.run(
      signal,
      async () => await runToEnd(start(over, argv, options.sudo === true), { over, argv, options, signal }),
    ),
  );
}

/** The process of one channel: it goes through the master's socket or nowhere. */
function start({ login, master }: Over, argv: readonly string[], sudo: boolean): PipedProcess {
  const line = quoteCommand(sudo && login.user !== "root" ? ["sudo", "-n", "--", ...argv] : argv);
  const options = ["-F", "none", "-o", "BatchMode=yes", "-o", "ProxyCommand=false", "-o", "LogLevel=ERROR"];
  return startPiped({ argv: ["ssh", ...options, "-S", master.socket, "-T", "--", "host", line], env: master.env });
}

interface Run {
  readonly over: Over;
  readonly argv: readonly string[];
  readonly options: ExecOptions;
  readonly signal: AbortSignal;
}

async function runToEnd(program: PipedProcess, { over, argv, options, signal }: Run): Promise<ExecResult> {
  const kill = (): void => program.kill();
  signal.addEventListener("abort", kill, { once: true });
  const collect = options.collect !== false;
  let isTooMuch = false;
  const overflow = (): void => {
    isTooMuch = true;
    kill();
  };
  const stdout = collected(program.stdout, { collect, onChunk: options.onStdout, overflow });
  const stderr = collected(program.stderr, { collect, onChunk: options.onStderr, overflow });
  if (options.stdin instanceof Readable) options.stdin.pipe(program.stdin);
  else program.stdin.end(options.stdin);
  try {
    const code = await program.ended;
    signal.throwIfAborted();
    if (isTooMuch) throw tooMuch(over.login.name, argv);
    const result = { code, stdout: String(stdout), stderr: String(stderr) };
    if (code === 255 && (await isEnding(over, signal))) throw ended(over, result.stderr.trim());
    return result;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** 255 is also what ssh itself ends with when its connection does, which is seen a moment later. */
async function isEnding({ master: { lost }, context: { clock } }: Over, signal: AbortSignal): Promise<boolean> {
  if (!lost.aborted) await clock.sleep(endingMs, AbortSignal.any([lost, signal])).catch(() => signal.throwIfAborted());
  return lost.aborted;
}

interface Collecting {
  readonly collect: boolean;
  readonly onChunk: ExecOptions["onStdout"];
  /** Called when more came than is collected. */
  readonly overflow: () => void;
}

function collected(stream: Readable, { collect, onChunk, overflow }: Collecting): BoundedBytes {
  const bytes = new BoundedBytes(MAX_COLLECTED_BYTES);
  stream.on("data", (chunk: Buffer) => {
    if (collect && !bytes.push(chunk)) return overflow();
    onChunk?.(chunk);
  });
  return bytes;
}

/** The docker command on the host joins its input and output with the engine's socket. */
async function openSocket(over: Over, path: string, signal: AbortSignal): Promise<Duplex> {
  const release = await over.sessions.acquire(signal);
  const program = start(over, ["docker", "--host", `unix://${path}`, "system", "dial-stdio"], true);
  const stream = new ProcessStream(program, (code, said) => (code === 0 ? undefined : refused(over, path, said)));
  stream.on("close", release);
  return stream;
}

function refused({ login: { name } }: Over, path: string, said: string): BeltError {
  return new BeltError("engine.unreachable", `${name} does not open ${path}: ${said || "the stream ended"}`, {
    hint: `See whether Docker Engine and its docker command are on ${name}`,
    retryable: true,
  });
}

function ended({ login: { name } }: Over, said: string): BeltError {
  return new BeltError("ssh.closed", `the connection to ${name} ended${said === "" ? "" : `: ${said}`}`, {
    hint: `See whether ${name} is still up, then run the same command again`,
    retryable: true,
  });
}
