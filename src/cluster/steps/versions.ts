/** The oldest engine that swarm mode is formed with. */
export const oldestEngine = "20.10";

/** The version in what `dockerd --version` prints, without the packager's suffix: `26.1.5` for `26.1.5+dfsg1`. */
export function engineVersionOf(printed: string): string {
  const version = /version\s+v?(\d[^\s,]*)/i.exec(printed)?.[1];
  return version === undefined ? "unknown" : bareVersion(version);
}

/** A version without the packager's suffix: `26.1.5` for `26.1.5+dfsg1`. */
export function bareVersion(version: string): string {
  return version.replace(/[+~].*$/, "");
}

/** Whether `version` is `least` or newer, by its numbers; a version without numbers is older than any. */
export function isAtLeast(version: string, least: string): boolean {
  return compareVersions(version, least) >= 0;
}

/** Orders versions by their numbers, oldest first; missing numbers count as 0. */
function compareVersions(left: string, right: string): number {
  const [a, b] = [numbers(left), numbers(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` is the wanted one: the same, or one that goes on where the wanted one ends (`29.1` takes `29.1.3`). */
export function matchesVersion(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`);
}

/** One version of a package that apt can install. */
export interface PackageVersion {
  readonly package: string;
  /** As apt knows it: `5:29.1.3-1~debian.13~trixie`. */
  readonly version: string;
  /** As Docker counts: `29.1.3`; with its suffix if it is a pre-release: `29.0.0~rc.1`. */
  readonly upstream: string;
  /** Where it comes from: the repository's address, suite and architecture. */
  readonly source: string;
}

/** Reads the table that `apt-cache madison` prints; lines of source packages and anything else are passed over. */
export function readMadison(output: string): readonly PackageVersion[] {
  return output.split("\n").flatMap((line) => {
    const [name, version, source, ...more] = line.split("|").map((cell) => cell.trim());
    if (!name || !version || !source?.endsWith("Packages") || more.length > 0) return [];
    return [{ package: name, version, source, upstream: upstreamOf(version) }];
  });
}

/** The newest version that `wanted` means (any final release when absent), or `undefined`. A pre-release must be named in full. */
export function pickVersion(
  candidates: readonly PackageVersion[],
  wanted: string | undefined,
): PackageVersion | undefined {
  return candidates
    .filter((candidate) => isMeant(candidate, wanted))
    .toSorted((a, b) => compareVersions(b.upstream, a.upstream))[0];
}

function isMeant(candidate: PackageVersion, wanted: string | undefined): boolean {
  if (candidate.version === wanted || candidate.upstream === wanted) return true;
  if (candidate.upstream.includes("~")) return false;
  return wanted === undefined || matchesVersion(candidate.upstream, wanted);
}

/** `5:29.1.3-1~debian.13~trixie` → `29.1.3`; `26.1.5+dfsg1-9+b11` → `26.1.5`; `5:29.0.0~rc.1-1~debian.13~trixie` → `29.0.0~rc.1`. */
function upstreamOf(version: string): string {
  return version.replace(/^\d+:/, "").replace(/-.*$/, "").replace(/\+.*$/, "");
}

function numbers(version: string): readonly number[] {
  const leading = /^\d+(\.\d+)*/.exec(version)?.[0];
  return leading?.split(".").map(Number) ?? [0];
}
