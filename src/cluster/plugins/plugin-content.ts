import path from "node:path";
import { z } from "zod";
import { BeltError } from "../../util/errors.ts";
import { digestOfFiles, filesBelow, kindOf } from "../../util/file-contents.ts";
import { readTextIfThere } from "../../util/files.ts";
import type { FoundPlugin } from "./offered-provider.ts";

/** What is run of a provider by others, and what it is known by. */
export interface PluginContent {
  /** The module that is run; absolute. */
  readonly entry: string;
  /**
   * Over a package's files without what it depends on (`node_modules`) and `.git`; for a path to a file, over the scripts and
   * JSON files that lie beside it.
   */
  readonly sha256: string;
}

/** @throws BeltError `usage.plugin` where there is nothing to run. */
export async function contentOf(plugin: FoundPlugin): Promise<PluginContent> {
  switch (await kindOf(plugin.path)) {
    case undefined:
      throw unusable(plugin, "nothing is there", "Mend the path in the cluster file; it begins at the file's folder.");
    case "file": {
      const folder = path.dirname(plugin.path);
      const files = await filesBelow(folder, { enters: () => false, takes: isBeside });
      return { entry: plugin.path, sha256: await digestOfFiles(folder, [path.basename(plugin.path), ...files]) };
    }
    case "folder": {
      const enters = (name: string): boolean => name !== "node_modules" && name !== ".git";
      const files = await filesBelow(plugin.path, { enters, takes: () => true });
      return { entry: await entryOf(plugin), sha256: await digestOfFiles(plugin.path, files) };
    }
  }
}

function isBeside(name: string): boolean {
  return /\.(?:[cm]?[jt]s|json|node)$/.test(name) && name !== "package-lock.json";
}

const target: z.ZodType<string | undefined> = z.lazy(() =>
  z.union([z.string(), z.record(z.string(), z.unknown()).transform(conditional)]),
);
const manifest = z.object({ exports: target.optional().catch(undefined), main: z.string().optional() });

/** The conditions of `exports` that hold for an import by Node (https://nodejs.org/api/packages.html#conditional-exports). */
const conditions = ["node", "import", "module-sync", "default"];

function conditional(map: Readonly<Record<string, unknown>>): string | undefined {
  const [, chosen] = Object.entries(map).find(([key]) => key === "." || conditions.includes(key)) ?? [];
  return target.safeParse(chosen).data;
}

async function entryOf(plugin: FoundPlugin): Promise<string> {
  const read = manifest.safeParse(await manifestOf(plugin));
  const inside = read.data?.exports ?? read.data?.main ?? "index.js";
  const entry = path.resolve(plugin.path, inside);
  if ((await kindOf(entry)) === "file") return entry;
  throw unusable(plugin, `its main module ${inside} is not there`, "Install it anew, or tell its author.");
}

async function manifestOf(plugin: FoundPlugin): Promise<unknown> {
  const text = await readTextIfThere(path.join(plugin.path, "package.json"));
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(plugin, "its package.json is not JSON", "Install it anew.");
  }
}

function unusable({ name, path: where }: FoundPlugin, why: string, hint: string): BeltError {
  return new BeltError("usage.plugin", `the provider ${name} at ${where} cannot be loaded: ${why}`, { hint });
}
