import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

/** Builds the package once before all tests of a project, which import it as its users do. */
export async function setup(): Promise<void> {
  await promisify(execFile)("npm", ["run", "build"], { cwd: path.resolve(import.meta.dirname, "../..") });
}
