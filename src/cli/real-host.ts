import path from "node:path";
import type { Host } from "./context.ts";

/** What this host is, as the process knows it. */
export type HostFacts = Pick<Host, "uid" | "platform" | "nodeVersion" | "memoryBytes"> & {
  /** The value of PATH. */
  readonly searchPath: string;
};

/** This host. Its parts are loaded at first use, since help needs none of them. */
export function realHost({ searchPath, ...facts }: HostFacts): Host {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== "");
  return {
    ...facts,
    beltVersion: readVersion,
    findProgram: async (name) => {
      const { findProgram } = await import("../util/host-files.ts");
      return await findProgram(name, folders);
    },
    runAttached: async (argv, env) => (await import("../util/attached-processes.ts")).runAttached({ argv, env }),
    runStreaming: async (argv, env, output, signal) =>
      (await import("../util/attached-processes.ts")).runStreaming({ argv, env }, output, signal),
    serveSocket: async (onConnection) => (await import("../util/unix-socket.ts")).serveUnixSocket(onConnection),
    writeFile: async (file, text, mode) => (await import("../util/files.ts")).writeFileAtomic(file, text, mode),
    makeFolder: async (folder) => (await import("../util/files.ts")).makeFolder(folder),
    readText: async (file) => (await import("../util/host-facts.ts")).readTextIfReadable(file),
    exists: async (file) => (await import("../util/host-files.ts")).pathExists(file),
    freeBytes: async (folder) => (await import("../util/host-facts.ts")).freeBytes(folder),
  };
}

/** package.json lies two folders up, from `src/cli` as from `dist/cli`. */
async function readVersion(): Promise<string> {
  const { readTextIfReadable } = await import("../util/host-facts.ts");
  const text = await readTextIfReadable(path.join(import.meta.dirname, "../../package.json"));
  const manifest: unknown = JSON.parse(text ?? "{}");
  const isNamed = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return isNamed ? String(manifest.version) : "unknown";
}
