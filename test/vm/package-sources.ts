import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { hostMirror, sourceLines } from "../../src/providers/local/mirror.ts";
import type { Suite } from "./suites.ts";

/** How this host reaches packages: a machine inside it reaches them in the same way and in no other. */
export interface PackageSources {
  /** Lines of sources.list for the release. */
  readonly lines: readonly string[];
  /** Files of apt.conf(5) that say how to fetch. */
  readonly aptConfigurations: readonly string[];
  /** npm's configuration, and certificates of authorities that this host trusts: each file, and the folder for its copy. */
  readonly copies: readonly (readonly [file: string, folder: string])[];
}

/** Reads what this host's apt and npm are told, and finds its own certificates. */
export async function packageSources(suite: Suite): Promise<PackageSources> {
  const [apt, authorities, mirror] = await Promise.all([
    textsOf(await filesIn("/etc/apt/apt.conf.d")),
    textsOf(await filesIn("/usr/local/share/ca-certificates")),
    hostMirror(),
  ]);
  const npm = [
    ...(await textsOf(["/etc/npmrc"])).map(([file]) => [file, "/etc"] as const),
    ...(await textsOf([path.join(homedir(), ".npmrc")])).map(([file]) => [file, "/root"] as const),
  ];
  return {
    lines: sourceLines(mirror, suite),
    aptConfigurations: apt.filter(([, text]) => saysHowToFetch.test(text)).map(([file]) => file),
    copies: [...authorities.map(([file]) => [file, path.dirname(file)] as const), ...npm],
  };
}

const saysHowToFetch = /^Acquire::(?:https?|Check-|Retries|Force)/im;

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort().map((name) => path.join(folder, name));
}

/** Those of the files that are there, with their texts. */
async function textsOf(files: readonly string[]): Promise<readonly (readonly [file: string, text: string])[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => undefined)));
  return files.flatMap((file, index) => {
    const text = texts[index];
    return text === undefined ? [] : [[file, text] as const];
  });
}
