import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { diskFault } from "./disk-faults.ts";
import { BeltError } from "./errors.ts";
import { isMissing, removePath } from "./files.ts";

/** A folder that only we may enter, with a path short enough for unix sockets in it; gone when disposed. */
export interface PrivateFolder extends AsyncDisposable {
  readonly path: string;
}

/** The longest path of a unix socket on Linux is 107 bytes (unix(7)); a socket's name in the folder, and what ssh appends while it makes one, take the rest. */
const longestPath = 107 - 32;

/**
 * Makes a new folder under the system's folder for temporary files.
 *
 * @throws BeltError `disk.full`, `disk.refused`, also where the path would be too long for the sockets that are to be in it.
 */
export async function makePrivateFolder(above = tmpdir()): Promise<PrivateFolder> {
  const stem = path.join(above, "belt-");
  const bytes = Buffer.byteLength(stem) + 6;
  if (bytes > longestPath)
    throw refused(`the path is too long for unix sockets (${bytes} bytes, and at most ${longestPath} fit): ${stem}…`);
  const folder = await mkdtemp(stem).catch((error: unknown) => {
    throw isMissing(error)
      ? refused(`there is no folder ${above} for temporary files`, error)
      : diskFault("write", above, error);
  });
  return { path: folder, [Symbol.asyncDispose]: () => removePath(folder) };
}

function refused(says: string, cause?: unknown): BeltError {
  return new BeltError("disk.refused", says, {
    hint: "Set TMPDIR to a short path that is there, such as /tmp.",
    cause,
  });
}
