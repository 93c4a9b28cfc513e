import type { ProviderPlugin } from "./provider.ts";

/** Every provider, one line each. A provider's code is loaded when a cluster asks for it. */
export const providers: Readonly<Record<string, () => Promise<ProviderPlugin>>> = {
  aws: async () => (await import("./aws/index.ts")).aws,
  azure: async () => (await import("./azure/index.ts")).azure,
  digitalocean: async () => (await import("./digitalocean/index.ts")).digitalocean,
  local: async () => (await import("./local/index.ts")).local,
  ssh: async () => (await import("./ssh/index.ts")).ssh,
};
