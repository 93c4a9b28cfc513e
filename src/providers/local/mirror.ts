import path from "node:path";
import { readTextIfThere } from "../../util/files.ts";
import { namesIn } from "../../util/host-files.ts";

/** Where Debian's packages come from: the archive, and its security updates where the host names a source for them. */
export interface Mirror {
  readonly archive: string;
  readonly security: string | undefined;
}

const debianMirror: Mirror = {
  archive: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security",
};

/** The Debian mirror that this host itself uses, as its apt is configured; Debian's own if it uses none. */
export async function hostMirror(folder = "/etc/apt"): Promise<Mirror> {
  const parts = path.join(folder, "sources.list.d");
  const files = (await namesIn(parts)).filter((name) => /\.(list|sources)$/.test(name));
  const paths = [path.join(folder, "sources.list"), ...files.map((name) => path.join(parts, name))];
  const texts = await Promise.all(paths.map((file) => readTextIfThere(file)));
  return parseMirror(paths.flatMap((file, index) => sourcesOf(file, texts[index] ?? "")));
}

/** The lines of sources.list for one release of Debian. */
export function sourceLines(mirror: Mirror, codename: string): readonly string[] {
  return [
    `deb ${mirror.archive} ${codename} main`,
    `deb ${mirror.archive} ${codename}-updates main`,
    ...(mirror.security === undefined ? [] : [`deb ${mirror.security} ${codename}-security main`]),
  ];
}

/** Finds Debian's archives among the addresses of apt's sources. */
export function parseMirror(sources: readonly string[]): Mirror {
  const urls = sources.map((url) => url.replace(/\/+$/, "")).filter((url) => /^https?:/.test(url));
  const archive = urls.find((url) => /\/debian$/.test(url));
  const security = urls.find((url) => /\/debian-security$/.test(url));
  return archive === undefined ? debianMirror : { archive, security };
}

/** The addresses in a file of sources, in apt's one-line format or in its deb822 format. Source: sources.list(5). */
export function sourcesOf(file: string, text: string): readonly string[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  if (file.endsWith(".sources"))
    return lines.flatMap((line) => (/^URIs:\s*(.+)$/i.exec(line)?.[1] ?? "").split(/\s+/).filter(Boolean));
  return lines.flatMap((line) => /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line)?.[1] ?? []);
}
