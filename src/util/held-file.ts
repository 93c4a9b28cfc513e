import { link, mkdir, open, rm, stat } from "node:fs/promises";
import path from "node:path";
import { diskFault, onDisk } from "./disk-faults.ts";
import { isMissing } from "./files.ts";

/** A file that this process made and holds open: it is known again by what it is, not by its name. */
export interface HeldFile {
  /** Sets its time of change, in milliseconds since the epoch. Does no harm if another file has its name by now. */
  touch(atMs: number): Promise<void>;
  /** Whether the name still means this file. */
  isInPlace(): Promise<boolean>;
  close(): Promise<void>;
}

/** Makes a file with this content and holds it, unless there is one of this name: then `undefined`. Nobody ever sees it empty. @throws BeltError `disk.full`, `disk.refused` */
export async function holdNewFile(file: string, content: string, atMs: number): Promise<HeldFile | undefined> {
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2, 8)}.tmp`;
  const handle = await onDisk("write", file, async () => {
    await mkdir(path.dirname(file), { recursive: true });
    return await open(temporary, "wx", 0o600);
  });
  try {
    await handle.writeFile(content);
    await handle.utimes(atMs / 1000, atMs / 1000);
    await handle.sync();
    await link(temporary, file);
  } catch (error) {
    await handle.close();
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
    throw diskFault("write", file, error);
  } finally {
    await rm(temporary, { force: true });
  }
  return {
    touch: (ms) => handle.utimes(ms / 1000, ms / 1000),
    isInPlace: async () => {
      const [own, there] = await Promise.all([handle.stat(), stat(file).catch(absent)]);
      return there !== undefined && own.ino === there.ino && own.dev === there.dev;
    },
    close: () => handle.close(),
  };
}

function absent(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}
