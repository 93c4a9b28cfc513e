import ssh2, { type ParsedKey } from "ssh2";
import type { Clock } from "../util/clock.ts";
import { BeltError, isBeltError, messageOf } from "../util/errors.ts";
import type { Connect, Connection, Target } from "./connection.ts";
import { dial } from "./dial.ts";
import { execute } from "./exec.ts";
import type { Link } from "./link.ts";
import { socketOpener } from "./open-socket.ts";
import { runTerminal } from "./terminal.ts";
import { writeFile } from "./write-file.ts";

/** What opening connections needs; times in milliseconds. */
export interface ConnectOptions {
  readonly clock: Clock;
  /** How long TCP may take to connect; 3,000 unless given. */
  readonly tcpMs?: number;
  /** How long the SSH handshake may take; 15,000 unless given. */
  readonly handshakeMs?: number;
  /** How often a silent peer is asked whether it is there; 5,000 unless given. Three unanswered questions end the connection. */
  readonly keepaliveMs?: number;
}

/**
 * Makes the real {@link Connect}, on ssh2. A private key is parsed once however many machines take it. For a user who is
 * not root, `sudo -n` is tried at once.
 *
 * @throws BeltError (the connections) `ssh.unreachable`, `ssh.host-key`, `ssh.auth-refused`, `ssh.sudo`.
 */
export function createConnect(options: ConnectOptions): Connect {
  const keys = new Map<string, ParsedKey>();
  const { clock, tcpMs = 3000, handshakeMs = 15_000, keepaliveMs = 5000 } = options;
  return async (target, signal) => {
    const text = target.privateKey.reveal();
    const key = keys.get(text) ?? parsePrivateKey(text, target);
    keys.set(text, key);
    const link = await dial(target, { clock, key, tcpMs, handshakeMs, keepaliveMs }, signal);
    if (target.user !== "root") await checkSudo(link, signal);
    return connectionOver(link);
  };
}

/** The contract's methods, each in its own file, over one link. */
function connectionOver(link: Link): Connection {
  const { name, user, address } = link.target;
  return {
    name,
    user,
    address,
    hostKey: link.hostKey,
    exec: (argv, options) => execute(link, argv, options),
    writeFile: (path, content, mode, signal) => writeFile(link, { path, content, mode }, signal),
    openSocket: socketOpener(link),
    terminal: (streams, argv, signal) => runTerminal(link, { streams, argv }, signal),
    [Symbol.asyncDispose]: async () => link.close(),
  };
}

function parsePrivateKey(text: string, target: Target): ParsedKey {
  const parsed = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error || !key.isPrivateKey())
    throw new BeltError("ssh.auth-refused", `the private key for ${target.name} cannot be read: ${whyNot(key)}`, {
      hint: "It must be a private key in OpenSSH's format, without a passphrase",
    });
  return key;
}

function whyNot(key: ParsedKey | Error): string {
  return key instanceof Error ? messageOf(key) : "it is a public key";
}

/** One command that does nothing, as root: what comes later fails no other way, so it is better known now. */
async function checkSudo(link: Link, signal: AbortSignal): Promise<void> {
  const { name, user } = link.target;
  try {
    const result = await execute(link, ["true"], { signal, sudo: true, deadlineMs: 15_000 });
    if (result.code !== 0) throw sudoRefused(link.target, result.code, result.stderr);
  } catch (error) {
    link.close();
    if (!isBeltError(error, "ssh.deadline")) throw error;
    throw new BeltError("ssh.sudo", `sudo does not answer ${user} on ${name}`, { hint: SUDO_HINT(user), cause: error });
  }
}

function sudoRefused(target: Target, code: number, stderr: string): BeltError {
  const said = stderr.trim().split("\n").at(-1) || `code ${code}`;
  const message = /password|authentication is required/.test(said)
    ? `sudo on ${target.name} wants a password from ${target.user}`
    : `${target.user} cannot become root on ${target.name}: ${said}`;
  return new BeltError("ssh.sudo", message, {
    hint: code === 127 ? `Install sudo on ${target.name}, or name root as the user (ssh.user)` : SUDO_HINT(target.user),
  });
}

const SUDO_HINT = (user: string): string =>
  `Allow it without a password (in /etc/sudoers.d: ${user} ALL=(ALL) NOPASSWD: ALL), or name root as the user (ssh.user)`;
