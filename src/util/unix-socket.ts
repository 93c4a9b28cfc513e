import { rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import type { Duplex } from "node:stream";
import { makePrivateFolder } from "./private-folder.ts";

/** A unix socket that is being listened on. Disposing it ends its connections and removes it with its folder. */
export interface ServedSocket extends AsyncDisposable {
  readonly path: string;
}

/**
 * Listens on a unix socket in a new folder that only this user may enter. The folder goes when it is disposed, and also
 * when the process exits before that.
 *
 * @throws BeltError `disk.full`, `disk.refused`
 */
export async function serveUnixSocket(onConnection: (socket: Duplex) => void): Promise<ServedSocket> {
  const { path: folder } = await makePrivateFolder();
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  const socketPath = path.join(folder, "docker.sock");
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
    process.off("exit", removeAtExit);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socketPath, resolve);
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { path: socketPath, [Symbol.asyncDispose]: dispose };
}
