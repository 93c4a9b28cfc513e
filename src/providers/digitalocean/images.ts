/** The newest long-term release of Ubuntu. */
export const defaultImage = "ubuntu-26-04-x64";

/** The marketplace's image with Docker in it; its slug has kept the name of the release that it began on. */
const dockerImage = "docker-20-04";

/** The slug or id of an image: `docker` means the marketplace's, everything else is one already. */
export function imageSlug(image: string): string {
  return image === "docker" ? dockerImage : image;
}

/** An image as a droplet's creation takes it: ids are numbers there. */
export function imageOrder(image: string): string | number {
  const slug = imageSlug(image);
  return /^\d+$/.test(slug) ? Number(slug) : slug;
}
