import { readFile } from "node:fs/promises";
import path from "node:path";

const readme = path.resolve(import.meta.dirname, "../../README.md");

/** README's first command, as it is printed there. */
export async function firstCommand(): Promise<string> {
  const command = /^```sh\n([\s\S]*?)\n```$/m.exec(await readFile(readme, "utf8"))?.[1];
  if (command === undefined) throw new Error("README.md has no block of shell commands");
  return command;
}
