import type { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { BeltError, messageOf } from "../util/errors.ts";
import { bounded } from "./bounded.ts";
import { type Opened, openChannel, openSession } from "./channels.ts";
import { commandLine } from "./exec.ts";
import type { Link } from "./link.ts";
import { SocketChannel } from "./socket-channel.ts";

const OPEN_MS = 15_000;

/** Opens a stream to a unix socket on the machine; the stream then lives until it is destroyed or the connection ends. */
export type OpenSocket = (path: string, signal: AbortSignal) => Promise<Duplex>;

/**
 * Makes the {@link OpenSocket} of one connection. Sockets are forwarded by sshd itself (OpenSSH's PROTOCOL, section 2.4);
 * where that is refused and the user is not root, the socket is most likely root's, and from then on the docker command
 * stands in, through sudo.
 */
export function socketOpener(link: Link): OpenSocket {
  let route: "forward" | "dial" = "forward";
  return async (path, caller) => {
    const what = `${link.target.name} did not open ${path}`;
    const deadline = { ms: OPEN_MS, what, code: "ssh.deadline", signal: caller } as const;
    return await bounded(link, deadline, async (signal) => {
      if (route === "forward") {
        const opened = await forward(link, path, signal);
        if (opened.kind === "open") return new SocketChannel(opened.channel, link.lost, () => undefined);
        if (link.target.user === "root") throw refused(link, path, opened.error);
        route = "dial";
      }
      return await dial(link, path, signal);
    });
  };
}

async function forward(link: Link, path: string, signal: AbortSignal): Promise<Opened> {
  const release = await link.streams.acquire(signal);
  const opened = await openChannel(link, (done) => link.client.openssh_forwardOutStreamLocal(path, done), {
    release,
    signal,
  });
  if (opened.kind === "refused") release();
  return opened;
}

/** The docker command joins its input and output with the engine's socket. */
async function dial(link: Link, path: string, signal: AbortSignal): Promise<Duplex> {
  const line = commandLine(link, ["docker", "--host", `unix://${path}`, "system", "dial-stdio"], true);
  const release = await link.dials.acquire(signal);
  try {
    const channel = await openSession(link, (done) => link.client.exec(line, done), signal);
    channel.once("close", release);
    return new SocketChannel(channel, link.lost, watch(channel, link, path));
  } catch (error) {
    release();
    throw error;
  }
}

/** Listens to how the docker command ends, so that its words become the stream's error. */
function watch(channel: ClientChannel, link: Link, path: string): () => Error | undefined {
  let said = "";
  let code: unknown = 0;
  channel.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  channel.once("exit", (exitCode: unknown) => {
    code = exitCode;
  });
  return () => (code === 0 ? undefined : refused(link, path, new Error(said.trim() || `code ${code}`)));
}

function refused(link: Link, path: string, cause: Error): BeltError {
  return new BeltError("engine.unreachable", `${link.target.name} does not open ${path}: ${messageOf(cause)}`, {
    hint: `See whether Docker Engine runs on ${link.target.name}, and whether its sshd has AllowStreamLocalForwarding`,
    retryable: true,
    cause,
  });
}
