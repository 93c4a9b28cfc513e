import type { ImageStore } from "../providers/provider.ts";
import { BeltError } from "../util/errors.ts";
import { bakeImage } from "./bake.ts";
import { loadPlugin, type OpenProvider } from "./fleet.ts";
import type { Dependencies } from "./types.ts";

/** The image store of a provider that keeps its own images. @throws BeltError `usage.invalid` for one that does not. */
export async function openImages(provider: string, deps: Dependencies): Promise<ImageStore> {
  return (await openStore(provider, deps)).images;
}

/** Makes an image unless it is there. */
export async function bakeNamedImage(
  {
    provider,
    image,
    onLine,
  }: { readonly provider: string; readonly image: string; readonly onLine: (line: string) => void },
  deps: Dependencies,
  signal: AbortSignal,
): Promise<"made" | "exists"> {
  const { open, images } = await openStore(provider, deps);
  return (await bakeImage({ open, images, name: image, onLine }, deps, signal)) ? "made" : "exists";
}

async function openStore(name: string, deps: Dependencies): Promise<{ open: OpenProvider; images: ImageStore }> {
  const plugin = await loadPlugin(name);
  const provider = await plugin.open(deps);
  if (provider.images) return { open: { plugin, provider }, images: provider.images };
  throw new BeltError("usage.invalid", `the provider ${name} keeps no images of its own`);
}
