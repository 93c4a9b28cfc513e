import type { ClientChannel } from "ssh2";
import { BeltError, messageOf } from "../util/errors.ts";
import { abandon, type Link } from "./link.ts";

/** Starts to open a channel on a client of ssh2, and calls back once it is open or refused. */
type OpenChannel = (done: (error: Error | undefined, channel: ClientChannel) => void) => void;

/** A channel, or why the machine refuses one while the connection itself is well. */
export type Opened =
  | { readonly kind: "open"; readonly channel: ClientChannel }
  | { readonly kind: "refused"; readonly error: Error };

/** The place that a channel takes: it is given back when the channel is closed, or by the caller if it is refused. */
interface Place {
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

/** How often sshd may refuse a session while there is no other, and how long to wait in between, growing. */
const PATIENCE = { refusals: 12, firstPauseMs: 10, longestPauseMs: 250, growth: 1.5 } as const;

/**
 * Opens a session channel (RFC 4254 section 6) for a command, a shell or a terminal, waiting for a place among those that
 * sshd admits. sshd counts a session a moment longer than it is there, and may admit fewer than expected: it is asked again.
 *
 * @throws BeltError `ssh.closed` if sshd goes on refusing a session while there is no other.
 */
export async function openSession(link: Link, open: OpenChannel, signal: AbortSignal): Promise<ClientChannel> {
  const release = await link.sessions.acquire(signal);
  let pauseMs: number = PATIENCE.firstPauseMs;
  for (let refusals = 0; ; pauseMs = Math.min(PATIENCE.longestPauseMs, pauseMs * PATIENCE.growth)) {
    const opened = await openChannel(link, open, { release, signal });
    if (opened.kind === "open") {
      link.countSession(opened.channel);
      return opened.channel;
    }
    refusals = link.sessionCount === 0 ? refusals + 1 : 0;
    try {
      if (refusals >= PATIENCE.refusals) throw sessionRefused(link, opened.error);
      await link.clock.sleep(pauseMs, signal);
    } catch (error) {
      release();
      throw error;
    }
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
