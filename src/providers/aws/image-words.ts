/** How an image is looked for, and who logs in to it. */
export type ImageSearch =
  | { readonly kind: "id"; readonly id: string }
  | {
      readonly kind: "name";
      /** The account that publishes it. */
      readonly owner: string;
      /** A pattern of names, `*` for anything. */
      readonly name: string;
    };

/** What the architectures that EC2 names are called in the names of images. */
export type Architecture = "x86_64" | "arm64";

/** Canonical's and Debian's accounts. Source: https://documentation.ubuntu.com/aws and https://wiki.debian.org/Cloud/AmazonEC2Image */
const canonical = "099720109477";
const debian = "136693071363";

/** Whether a word of the cluster file names an image. */
export function isImageWord(word: string): boolean {
  return /^(ubuntu|ubuntu-\d\d\.\d\d|debian-\d\d|ami-[0-9a-f]+)$/.test(word);
}

/** How the image of a word is looked for, for machines of an architecture. */
export function searchFor(word: string, architecture: Architecture): ImageSearch {
  if (word.startsWith("ami-")) return { kind: "id", id: word };
  const short = architecture === "arm64" ? "arm64" : "amd64";
  if (word.startsWith("debian-")) return { kind: "name", owner: debian, name: `${word}-${short}-*` };
  const release = word === "ubuntu" ? "??.04" : word.slice("ubuntu-".length);
  return { kind: "name", owner: canonical, name: `ubuntu/images/hvm-ssd*/ubuntu-*-${release}-${short}-server-*` };
}

/** An image as far as choosing needs it. */
interface Candidate {
  readonly name: string;
  readonly createdAt: string;
}

/** The newest of what a search found: the highest long-term release first where the word leaves that open. */
export function newest<T extends Candidate>(word: string, images: readonly T[]): T | undefined {
  const releaseOf = ({ name }: T): number => Number(/-(\d\d)\.04-/.exec(name)?.[1] ?? 0);
  const fit = word === "ubuntu" ? images.filter((image) => releaseOf(image) % 2 === 0) : images;
  const rank = word === "ubuntu" ? releaseOf : () => 0;
  return fit.toSorted((a, b) => rank(b) - rank(a) || (a.createdAt < b.createdAt ? 1 : -1))[0];
}

/** The user that an image lets in, by its name. Source: EC2's user guide, default user names. */
export function loginOf(imageName: string): string {
  return /^debian-|\/debian-/i.test(imageName) ? "admin" : "ubuntu";
}
