import ssh2, { type ParsedKey } from "ssh2";
import type { Clock } from "../util/clock.ts";
import { BeltError, messageOf } from "../util/errors.ts";
import { runProcess } from "../util/processes.ts";
import { checkSudo } from "./check-sudo.ts";
import type { Connect, Connection, Target } from "./connection.ts";
import { dial } from "./dial.ts";
import { execute } from "./exec.ts";
import type { Link } from "./link.ts";
import { socketOpener } from "./open-socket.ts";
import type { OwnEnvironment } from "./openssh/own-host.ts";
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
  /** What the operator's own OpenSSH is run with, for targets that it knows the way to: this process's own unless given. */
  readonly env?: OwnEnvironment;
}

/**
 * Makes the real {@link Connect}, on ssh2. A private key is parsed once however many machines take it. For a user who is
 * not root, `sudo -n` is tried at once.
 *
 * @throws BeltError (the connections) `ssh.unreachable`, `ssh.host-key`, `ssh.auth-refused`, `ssh.sudo`.
 */
export function createConnect(options: ConnectOptions): Connect {
  const keys = new Map<string, ParsedKey>();
  const { clock, env, tcpMs = 3000, handshakeMs = 15_000, keepaliveMs = 5000 } = options;
  return async (target, signal) => {
    const text = target.privateKey.reveal();
    const key = keys.get(text) ?? parsePrivateKey(text, target);
    keys.set(text, key);
    const link = await dial(
      target,
      { ...{ clock, key, tcpMs, handshakeMs, keepaliveMs, env }, run: runProcess },
      signal,
    );
    const connection = connectionOver(link);
    try {
      if (target.user !== "root") await checkSudo(connection, signal);
      return connection;
    } catch (error) {
      link.close();
      throw error;
    }
  };
}

/** The contract's methods, each in its own file, over one link. */
function connectionOver(link: Link): Connection {
  const { name, user, address } = link.target;
  const exec: Connection["exec"] = (argv, options) => execute(link, argv, options);
  return {
    ...{ name, user, address, exec, hostKey: link.hostKey },
    writeFile: (path, content, mode, signal) => writeFile({ name, exec }, { path, content, mode }, signal),
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
