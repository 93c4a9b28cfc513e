import type { ClientChannel } from "ssh2";
import { BeltError, messageOf } from "../util/errors.ts";
import { abandon, type Link } from "./link.ts";

/** Starts to open a channel on a client of ssh2, and calls back once it is open or refused. */
export type OpenChannel = (done: (error: Error | undefined, channel: ClientChannel) => void) => void;

/** A channel, or why the machine refuses one while the connection itself is well. */
export type Opened =
  | { readonly kind: "open"; readonly channel: ClientChannel }
  | { readonly kind: "refused"; readonly error: Error };

/** The place that a channel takes: it is given back when the channel is closed, or by the caller if it is refused. */
export interface Place {
  readonly release: () => void;
  readonly signal: AbortSignal;
}

/** Opens a channel. One that comes after the signal has aborted is closed at once. */
export async function openChannel(link: Link, open: OpenChannel, place: Place): Promise<Opened> {
  const opened = await started(open);
  const gaveUp = place.signal.aborted || link.lost.aborted;
  if (opened.kind === "open") {
    link.adopt(opened.channel, place.release);
    if (gaveUp) abandon(opened.channel);
  } else if (gaveUp) place.release();
  place.signal.throwIfAborted();
  link.lost.throwIfAborted();
  return opened;
}

/**
 * Opens a session channel (RFC 4254 section 6) for a command, a shell or a terminal, waiting for a place among those that
 * sshd admits. If it admits fewer than expected, that is learned, and the wait goes on.
 *
 * @throws BeltError `ssh.closed` if sshd refuses a session while there is no other.
 */
export async function openSession(link: Link, open: OpenChannel, signal: AbortSignal): Promise<ClientChannel> {
  for (;;) {
    const release = await link.sessions.acquire(signal);
    const opened = await openChannel(link, open, { release, signal });
    if (opened.kind === "open") return opened.channel;
    const othersWillEnd = link.sessions.lower();
    release();
    if (!othersWillEnd) throw sessionRefused(link, opened.error);
  }
}

function started(open: OpenChannel): Promise<Opened> {
  return new Promise((resolve) => {
    try {
      open((error, channel) => resolve(error ? { kind: "refused", error } : { kind: "open", channel }));
    } catch (error) {
      resolve({ kind: "refused", error: error instanceof Error ? error : new Error(String(error)) }); // not connected
    }
  });
}

function sessionRefused(link: Link, cause: Error): BeltError {
  return new BeltError("ssh.closed", `${link.target.name} refused a session: ${messageOf(cause)}`, {
    hint: `See MaxSessions in the configuration of sshd on ${link.target.name}`,
    retryable: true,
    cause,
  });
}
