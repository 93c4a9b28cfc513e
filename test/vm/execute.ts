import { execFile } from "node:child_process";
import { promisify } from "node:util";

const executeFile = promisify(execFile);

/** Runs a program of this host to its end, and resolves with what it printed. Rejects if it fails. */
export async function execute(file: string, ...argv: readonly string[]): Promise<string> {
  return (await executeFile(file, argv, { maxBuffer: 64 * 1024 ** 2 })).stdout;
}
