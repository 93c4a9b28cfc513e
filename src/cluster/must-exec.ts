import type { Connection } from "../ssh/connection.ts";
import { BeltError } from "../util/errors.ts";
import { quoteCommand } from "../util/shell.ts";

/**
 * Runs a command as root on a machine; one that fails throws.
 *
 * @throws BeltError `ssh.command-failed`, with the machine, the command and the last line that it printed.
 */
export async function mustExec(connection: Connection, argv: readonly string[], signal: AbortSignal): Promise<string> {
  const result = await connection.exec(argv, { signal, sudo: true });
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").at(-1) ?? "";
  throw new BeltError(
    "ssh.command-failed",
    `${connection.name}: ${quoteCommand(argv)} ended with ${result.code}: ${said}`,
  );
}
