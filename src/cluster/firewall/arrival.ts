import type { Connection } from "../../ssh/connection.ts";

/** How a connection arrives at a host, as the host itself sees it. */
export interface Arrival {
  /** Where we come from; absent where sshd does not say. */
  readonly from: string | undefined;
  /** The port at which its sshd took the connection: with an address that is translated on the way, another one than we asked for. */
  readonly port: number;
}

/**
 * Asks a host how we arrive there: sshd tells every session in SSH_CONNECTION, see sshd(8). sudo takes that away, so this is asked as the
 * user who logged in.
 *
 * @param port what counts where sshd does not say.
 */
export async function arrivalOf(connection: Connection, port: number, signal: AbortSignal): Promise<Arrival> {
  const { stdout } = await connection.exec(["sh", "-c", 'printf %s "$SSH_CONNECTION"'], { signal });
  const [from, , , ownPort] = stdout.trim().split(" ");
  return { from: from || undefined, port: Number(ownPort) || port };
}
