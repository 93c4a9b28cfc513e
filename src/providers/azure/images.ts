import { BeltError } from "../../util/errors.ts";
import type { Catalog, Size } from "./catalog.ts";
import { type ImageReference, ltsImage, parseImage } from "./image-names.ts";

/** The image that machines of a size are made from. @throws BeltError `provider.refused` where there is none. */
export async function imageFor(
  catalog: Catalog,
  { image, location }: { readonly image: string; readonly location: string },
  size: Size,
  signal: AbortSignal,
): Promise<ImageReference> {
  const named = parseImage(image);
  if (named) return named;
  const offer = await catalog.ltsOffer(location, signal);
  if (offer === undefined) throw noImage(location);
  return { publisher: "Canonical", offer, sku: skuFor(size), version: "latest" };
}

/** Canonical has one image for each architecture and generation. */
function skuFor({ isArm, isSecondGeneration }: Size): string {
  if (isArm) return "server-arm64";
  return isSecondGeneration ? "server" : "server-gen1";
}

function noImage(location: string): BeltError {
  return new BeltError("provider.refused", `Canonical offers no long-term release of Ubuntu in ${location}`, {
    hint: `Name an image instead of ${ltsImage}: azure.image takes publisher:offer:sku:version.`,
  });
}
