/** The word for the newest long-term release of Ubuntu. */
export const ltsImage = "ubuntu-lts";

/** An image as a machine's PUT takes it. */
export type ImageReference =
  | { readonly id: string }
  | { readonly publisher: string; readonly offer: string; readonly sku: string; readonly version: string };

/** Whether a text names an image. */
export function readsAsImage(text: string): boolean {
  return text === ltsImage || parseImage(text) !== undefined;
}

/** The image of a text: an id, or publisher, offer, SKU and version between colons. `undefined` for a word of our own. */
export function parseImage(text: string): ImageReference | undefined {
  if (
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Compute\/(images|galleries)\/.+$/i.test(text)
  )
    return { id: text };
  const [, publisher, offer, sku, version] = /^([^:\s]+):([^:\s]+):([^:\s]+):([^:\s]+)$/.exec(text) ?? [];
  if (publisher === undefined || offer === undefined || sku === undefined || version === undefined) return undefined;
  return { publisher, offer, sku, version };
}
