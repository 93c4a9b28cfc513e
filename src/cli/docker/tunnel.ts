import type { Duplex } from "node:stream";
import type { Connection } from "../../ssh/connection.ts";
import { messageOf } from "../../util/errors.ts";
import { visibleLine } from "../../util/visible.ts";
import type { CliContext } from "../context.ts";

/** Where every engine listens on its machine. */
const engineSocket = "/var/run/docker.sock";

/** A unix socket here that is the engine of a machine there, and the environment that points docker at it. */
export interface Tunnel extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/** Opens a tunnel: each connection to a socket of ours becomes a channel of the one SSH connection. Gone when disposed, and at exit. */
export async function openTunnel(context: CliContext, connection: Connection): Promise<Tunnel> {
  const { io } = context;
  const served = await io.host.serveSocket((socket) => {
    connection.openSocket(engineSocket, context.signal).then(
      (channel) => joinStreams(socket, channel),
      (error: unknown) => {
        io.stderr.write(`${connection.name}: ${visibleLine(messageOf(error))}\n`);
        socket.destroy();
      },
    );
  });
  return {
    env: dockerEnvironment(io.env, served.path),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

/** The environment for a docker command that must talk to our socket, whatever the user's own settings point at. */
export function dockerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  socketPath: string,
): Readonly<Record<string, string>> {
  const unwanted = ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH"];
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !unwanted.includes(entry[0]),
  );
  return { ...Object.fromEntries(kept), DOCKER_HOST: `unix://${socketPath}` };
}

/** Pipes both ways, half-closes included (attach and exec need them); a failure of either end is the end of both. */
function joinStreams(ours: Duplex, theirs: Duplex): void {
  ours.pipe(theirs);
  theirs.pipe(ours);
  const end = (): void => {
    ours.destroy();
    theirs.destroy();
  };
  ours.on("error", end);
  theirs.on("error", end);
  theirs.on("close", () => ours.end());
  ours.on("close", () => theirs.destroy());
}
