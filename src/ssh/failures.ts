import { BeltError, messageOf } from "../util/errors.ts";
import type { Target } from "./connection.ts";

/** What a system call says when trying again later may help: the machine boots, or the network is not there yet. */
const PASSING = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EAI_AGAIN",
]);

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was reset",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to its network",
  ENOTFOUND: "the name is not known",
  EAI_AGAIN: "the name cannot be looked up now",
};

/** `ssh.unreachable` for an error of the TCP connection. */
export function dialFailed(target: Target, cause: unknown): BeltError {
  const code = codeOf(cause);
  const reason = REASONS[code] ?? messageOf(cause);
  return new BeltError("ssh.unreachable", `cannot reach ${placeOf(target)}: ${reason}`, {
    hint: `See whether ${target.name} is up and whether port ${target.port} is open from here`,
    retryable: PASSING.has(code),
    cause,
  });
}

/**
 * The error of a handshake that did not succeed: `ssh.auth-refused`, or `ssh.unreachable` for all that happened before the
 * key was shown. ssh2 marks its errors with a `level`.
 */
export function handshakeFailed(target: Target, keyFingerprint: string, cause: unknown): BeltError {
  const level = fieldOf(cause, "level");
  if (level === "client-authentication") return authRefused(target, keyFingerprint, cause);
  if (level === "client-socket") return dialFailed(target, cause);
  return new BeltError("ssh.unreachable", `${placeOf(target)} ended the SSH handshake: ${messageOf(cause)}`, {
    hint: `See the log of sshd on ${target.name}`,
    // A handshake that failed by the algorithms will fail again; a server that hung up may only be starting or busy.
    retryable: level !== "handshake",
    cause,
  });
}

/** `ssh.auth-refused`: the machine is the right one, and does not take our key. */
function authRefused(target: Target, keyFingerprint: string, cause: unknown): BeltError {
  return new BeltError(
    "ssh.auth-refused",
    `${target.name} refused the key ${keyFingerprint} for the user ${target.user}`,
    {
      hint: `Put the cluster's public key into ~${target.user}/.ssh/authorized_keys on ${target.name}, or name another user (ssh.user)`,
      cause,
    },
  );
}

/** `ssh.host-key`: somebody else answered. */
export function hostKeyRefused(target: Target, pinned: readonly string[], presented: string): BeltError {
  return new BeltError(
    "ssh.host-key",
    `${placeOf(target)} showed the host key ${presented}, but ${pinned.join(" or ")} is pinned; nothing was sent`,
    {
      hint: `Another machine may answer at this address. If ${target.name} was reinstalled on purpose, remove its line from the cluster's known_hosts and pin the new key`,
    },
  );
}

/** `ssh.host-key`: there is nothing to compare with, so nobody is trusted. */
export function hostKeyUnknown(target: Target): BeltError {
  return new BeltError("ssh.host-key", `no host key of ${target.name} is pinned, so no connection is made`, {
    hint: "Pin its host key in the cluster's known_hosts first",
  });
}

/** `ssh.closed`: the connection ended under what was going on. */
export function connectionClosed(target: Target, cause: unknown): BeltError {
  const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new BeltError("ssh.closed", `the connection to ${target.name} ended${why}`, {
    hint: `See whether ${target.name} is still up, then run the same command again`,
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

function placeOf(target: Target): string {
  return `${target.name} (${target.address} port ${target.port})`;
}

function codeOf(error: unknown): string {
  const code = fieldOf(error, "code");
  return typeof code === "string" ? code : "";
}

function fieldOf(error: unknown, field: string): unknown {
  return typeof error === "object" && error !== null ? Reflect.get(error, field) : undefined;
}
