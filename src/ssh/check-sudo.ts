import { BeltError, isBeltError } from "../util/errors.ts";
import type { Connection } from "./connection.ts";

type Host = Pick<Connection, "name" | "user" | "exec">;

/**
 * Runs one command that does nothing, as root: what comes later fails no other way, so it is better known now.
 *
 * @throws BeltError `ssh.sudo` with what sudo wants.
 */
export async function checkSudo(connection: Host, signal: AbortSignal): Promise<void> {
  const { name, user } = connection;
  try {
    const result = await connection.exec(["true"], { signal, sudo: true, deadlineMs: 15_000 });
    if (result.code !== 0) throw sudoRefused(connection, result.code, result.stderr);
  } catch (error) {
    if (!isBeltError(error, "ssh.deadline")) throw error;
    throw new BeltError("ssh.sudo", `sudo does not answer ${user} on ${name}`, { hint: SUDO_HINT(user), cause: error });
  }
}

function sudoRefused(target: Host, code: number, stderr: string): BeltError {
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
