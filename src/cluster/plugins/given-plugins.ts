import type { ProviderPlugin } from "../../providers/provider.ts";
import { BeltError } from "../../util/errors.ts";
import type { ProviderRegistry } from "../types.ts";
import { isReserved } from "./registry-for.ts";

/**
 * The built-in providers and those that a program hands over.
 *
 * @throws BeltError `usage.invalid` for a name that is beltkit's own.
 */
export function withGiven(
  builtIn: ProviderRegistry,
  given: Readonly<Record<string, ProviderPlugin>>,
): ProviderRegistry {
  const taken = Object.keys(given).find((name) => isReserved(name, builtIn));
  if (taken !== undefined)
    throw new BeltError("usage.invalid", `the name ${taken} is beltkit's own and cannot be given to another provider`, {
      hint: "Give it another name.",
    });
  return {
    ...builtIn,
    ...Object.fromEntries(Object.entries(given).map(([name, plugin]) => [name, loader(name, plugin)])),
  };
}

function loader(name: string, plugin: ProviderPlugin): () => Promise<ProviderPlugin> {
  return async () => {
    if (plugin.name === name) return plugin;
    throw new BeltError("usage.plugin", `the provider given as ${name} calls itself ${plugin.name}`, {
      hint: "Give it under its own name.",
    });
  };
}
