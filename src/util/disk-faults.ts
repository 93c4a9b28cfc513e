import path from "node:path";
import { BeltError, type ErrorCode } from "./errors.ts";

/** What is done to a file or folder, as its errors are to be told. */
export type DiskWork = "read" | "write";

/**
 * Does something to a file or folder; what the disk refuses comes out as a sentence with the path and the way out. Errors that
 * callers tell apart, such as a file that is not there, pass as they are.
 *
 * @throws BeltError `disk.full` where no space is left, `disk.refused` for what else stands in the way.
 */
export async function onDisk<T>(doing: DiskWork, file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFault(doing, file, error);
  }
}

/** The error to throw in place of one of the file system; itself where it is none of the disk's. */
export function diskFault(doing: DiskWork, file: string, error: unknown): unknown {
  const name = error instanceof Error && !(error instanceof BeltError) && "code" in error ? String(error.code) : "";
  const fault = faults[name];
  if (!fault) return error;
  const { code = "disk.refused", says, hint } = fault({ doing, file, folder: path.dirname(file) });
  return new BeltError(code, says, { hint, cause: error });
}

interface Place {
  readonly doing: DiskWork;
  readonly file: string;
  readonly folder: string;
}

interface Fault {
  readonly code?: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

const again = "then run the same command again.";

/** By the names of errno(3). */
const faults: Readonly<Record<string, (place: Place) => Fault>> = {
  ENOSPC: ({ file, folder }) => ({
    code: "disk.full",
    says: `no space is left on the disk to write ${file}`,
    hint: `Free some space (df -h ${folder}; df -i ${folder}), ${again}`,
  }),
  EDQUOT: ({ file }) => ({
    code: "disk.full",
    says: `the disk quota is used up: ${file} cannot be written`,
    hint: `Free some space, or have the quota raised, ${again}`,
  }),
  EROFS: ({ file, folder }) => ({
    says: `${file} cannot be written: its file system is read-only`,
    hint: `Mount it writable (findmnt -T ${folder} shows it), ${again}`,
  }),
  EACCES: notAllowed,
  EPERM: notAllowed,
  EISDIR: ({ file }) => ({
    says: `${file} is a folder, and a file is wanted`,
    hint: "Name a file, or move the folder away.",
  }),
  ENOTDIR: ({ file }) => ({
    says: `${file} cannot be written: a file stands where one of its folders should be`,
    hint: "Name another path, or move that file away.",
  }),
  ENAMETOOLONG: ({ file }) => ({
    says: `the path is too long for the file system: ${file}`,
    hint: "Use a shorter path.",
  }),
  EIO: ({ doing, file }) => ({
    says: `the disk failed to ${doing} ${file}`,
    hint: "dmesg tells more; save what you can of this disk.",
  }),
};

function notAllowed({ doing, file, folder }: Place): Fault {
  return { says: `no permission to ${doing} ${file}`, hint: `Check its owner and mode: ls -ld ${folder} ${file}` };
}
