import { checkedPlugin } from "../../providers/define.ts";
import type { ProviderPlugin } from "../../providers/provider.ts";
import type { Clock } from "../../util/clock.ts";
import { BeltError, messageOf } from "../../util/errors.ts";
import { loadModule } from "../../util/load-module.ts";
import type { Home } from "../home.ts";
import { findPlugins } from "./find-plugins.ts";
import type { FoundPlugin, PluginSource, Trust } from "./offered-provider.ts";
import { contentOf } from "./plugin-content.ts";
import { remember, standingOf } from "./trusted-providers.ts";

/** What providers by others are loaded with. */
export interface PluginLoading {
  /** Where it is remembered what was agreed to. */
  readonly home: () => Promise<Home>;
  readonly clock: Clock;
  readonly trust: Trust;
}

/** Finds providers by others on the disk, and runs their code once that was agreed to: asked once for each content. */
export function pluginSource(loading: PluginLoading): PluginSource {
  const loaded = new Map<string, Promise<ProviderPlugin>>();
  const load = (plugin: FoundPlugin): Promise<ProviderPlugin> => {
    const key = `${plugin.name} ${plugin.path}`;
    const known = loaded.get(key) ?? loadPlugin(plugin, loading);
    loaded.set(key, known);
    return known;
  };
  return {
    find: async (place) =>
      (await findPlugins(place)).map((plugin) => ({
        ...plugin,
        load: () => load(plugin),
        standing: async () => await standingOf(await loading.home(), plugin.name, (await contentOf(plugin)).sha256),
      })),
  };
}

async function loadPlugin(plugin: FoundPlugin, { home, clock, trust }: PluginLoading): Promise<ProviderPlugin> {
  const { entry, sha256 } = await contentOf(plugin);
  const where = await home();
  const standing = await standingOf(where, plugin.name, sha256);
  if (standing !== "trusted") {
    const untrusted = { ...plugin, standing, sha256 };
    if (!(await trust(untrusted)))
      throw new BeltError("usage.plugin", `the provider ${plugin.name} at ${plugin.path} is not trusted`, {
        hint: `Look at its code; then the same command with --trust-provider ${plugin.name}.`,
      });
    await remember(where, untrusted, clock);
  }
  const exported = await run(plugin, entry);
  return checkedPlugin(exported["default"], { from: plugin.path, name: plugin.name });
}

async function run(plugin: FoundPlugin, entry: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await loadModule(entry);
  } catch (cause) {
    if (cause instanceof BeltError) throw cause;
    throw new BeltError("usage.plugin", `the provider ${plugin.name} at ${entry} cannot be run: ${messageOf(cause)}`, {
      hint: isMissingModule(cause)
        ? "Install what it depends on, beside it: npm install"
        : "Its author can mend it; --debug shows where it fails.",
      cause,
    });
  }
}

function isMissingModule(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
