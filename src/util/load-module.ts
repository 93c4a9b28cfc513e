import { pathToFileURL } from "node:url";

/** Runs a JavaScript file of an absolute path as a module and resolves with what it exports. It has all the rights of this process. */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  return await import(pathToFileURL(file).href);
}
