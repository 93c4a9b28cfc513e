import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { removePath } from "./files.ts";

/** A folder that only we may enter, with a short path, as unix sockets want it; gone when disposed. */
export interface PrivateFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a new folder under the system's folder for temporary files. */
export async function makePrivateFolder(): Promise<PrivateFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), "belt-"));
  return { path: folder, [Symbol.asyncDispose]: () => removePath(folder) };
}
