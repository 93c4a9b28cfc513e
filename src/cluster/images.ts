import type { ImageStore, Problem, ProviderSpec } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { bakeImage } from "./bake.ts";
import { Fleet } from "./fleet.ts";
import { registryFor } from "./plugins/registry-for.ts";
import type { Dependencies } from "./types.ts";

/** The base images of one provider. */
export interface Images extends AsyncDisposable {
  readonly store: ImageStore;
  /** What stands in the way of making one. */
  check(signal: AbortSignal): Promise<readonly Problem[]>;
  /** Makes an image, with an engine in it where its name says so; `onLine` gets what the tools print. Resolves with whether anything was made. */
  bake(image: string, onLine: (line: string) => void, signal: AbortSignal): Promise<boolean>;
}

/** What `check` is asked where no machine is meant: whether anything stands in the way at all. */
const nothingWanted: ProviderSpec = {
  ...{ clusterId: "", clusterName: "", requests: [], groups: [], firewall: undefined, options: undefined },
  authorizedKeys: async () => [],
};

/** Opens the base images of a provider that makes its own. @throws BeltError `usage.invalid` for one that does not. */
export async function openImages(name: string, deps: Dependencies): Promise<Images> {
  const fleet = new Fleet({ ...deps, providers: await registryFor(deps, { folder: deps.cwd, paths: {} }) });
  const open = await fleet.open(name);
  const { images } = open.provider;
  if (!images)
    throw new BeltError("usage.invalid", `the provider ${name} makes no images of its own`, {
      hint: "belt image ls --driver local",
    });
  return {
    store: images,
    check: (signal) => open.provider.check(nothingWanted, signal),
    bake: (image, onLine, signal) => bakeImage({ open, images, name: image, onLine }, deps, signal),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}
