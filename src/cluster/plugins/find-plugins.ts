import path from "node:path";
import { readTextIfThere } from "../../util/files.ts";
import { namesIn } from "../../util/host-files.ts";
import type { FoundPlugin, PluginPlace } from "./offered-provider.ts";

const prefix = "beltkit-provider-";

/**
 * The providers by others at a place, without running any: what the cluster file names by path, then the packages
 * `beltkit-provider-NAME` of each `node_modules` from the folder upward. Of several of one name the first one counts.
 */
export async function findPlugins({ folder, paths }: PluginPlace): Promise<readonly FoundPlugin[]> {
  const found = new Map<string, FoundPlugin>();
  for (const [name, file] of Object.entries(paths)) {
    const full = path.resolve(folder, file);
    found.set(name, { name, kind: "path", path: full, version: await versionIn(full) });
  }
  for (const modules of modulesAbove(folder)) {
    for (const entry of await namesIn(modules)) {
      const name = entry.startsWith(prefix) ? entry.slice(prefix.length) : "";
      if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name) || found.has(name)) continue;
      const full = path.join(modules, entry);
      found.set(name, { name, kind: "package", path: full, version: await versionIn(full) });
    }
  }
  return [...found.values()];
}

/** The folders `node_modules` in which Node would look, the nearest one first. */
function modulesAbove(folder: string): readonly string[] {
  const modules = path.join(folder, "node_modules");
  const parent = path.dirname(folder);
  return parent === folder ? [modules] : [modules, ...modulesAbove(parent)];
}

async function versionIn(folder: string): Promise<string | undefined> {
  const manifest = await readTextIfThere(path.join(folder, "package.json"));
  return /"version"\s*:\s*"([^"]{1,64})"/.exec(manifest ?? "")?.[1];
}
