import path from "node:path";
import { BeltError } from "../util/errors.ts";

/** What a command can be about. */
export type Target =
  | { readonly kind: "file"; readonly path: string /** Found, not named. */; readonly found?: true }
  | { readonly kind: "template"; readonly name: string }
  | { readonly kind: "cluster"; readonly name: string };

/** What a command was given to name its cluster. */
export interface Given {
  /** A file, a template or a cluster. */
  readonly word?: string | undefined;
  /** What `--cluster` gave. */
  readonly cluster?: string | undefined;
}

/** What is there. */
export interface Surrounding {
  readonly cwd: string;
  /** The folder of all clusters, `.belt`. */
  readonly home: string;
  /** The cluster file of the working folder, or beside the `.belt` that was found; `undefined` where there is none. */
  readonly file: string | undefined;
  readonly clusters: readonly string[];
  /** The cluster that was chosen, or the only one. */
  readonly inUse: string | undefined;
  readonly templates: readonly string[];
}

/** Which cluster a command is about, and why that one: the words for its first line, where it was not named. */
export interface Aim {
  readonly target: Target;
  readonly why: string | undefined;
}

/** The template of a first command that names nothing. */
const firstTemplate = "quickstart";

/**
 * The one rule for which cluster a command is about: the one that is named; else that of the cluster file here, or beside the
 * `.belt` folder; else the one in use, or the only one. Where no cluster is known at all, a command that can begin with a
 * template begins with the first one.
 *
 * @throws BeltError `usage.no-cluster` when nothing says which.
 */
export function aim({ word, cluster }: Given, around: Surrounding, canBegin: boolean): Aim {
  if (word !== undefined) return { target: named(word, around), why: undefined };
  if (cluster !== undefined) return { target: { kind: "cluster", name: cluster }, why: undefined };
  const { file, inUse, clusters, home } = around;
  if (file !== undefined) {
    const isHere = path.dirname(file) === around.cwd;
    return {
      target: { kind: "file", path: file, found: true },
      why: isHere ? "its file is here" : "its file is beside .belt",
    };
  }
  if (inUse !== undefined)
    return { target: { kind: "cluster", name: inUse }, why: clusters.length === 1 ? "the only one" : "in use" };
  if (clusters.length > 0)
    throw new BeltError("usage.no-cluster", `there are several clusters: ${clusters.join(", ")}`, {
      hint: `Choose one: belt use ${clusters[0]}, or name it with --cluster`,
    });
  if (canBegin) return { target: { kind: "template", name: firstTemplate }, why: "no cluster yet" };
  throw new BeltError("usage.no-cluster", `there is no cluster in ${home} yet`, {
    hint: "Make one: belt up, or belt cluster new --driver local NAME",
  });
}

/** A path or a file's name is a file; a template goes before a cluster, since its cluster is found by its name anyway. */
function named(word: string, { cwd, clusters, templates }: Surrounding): Target {
  const file = { kind: "file", path: path.resolve(cwd, word) } as const;
  if (word.includes("/") || /\.ya?ml$/.test(word)) return file;
  if (templates.includes(word)) return { kind: "template", name: word };
  return clusters.includes(word) ? { kind: "cluster", name: word } : file;
}

/** Where a cluster file is looked for: in the working folder, then beside `.belt`, unless `BELT_HOME` puts that elsewhere. */
export function filePlaces(
  cwd: string,
  home: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const folders = env["BELT_HOME"] ? [cwd] : [cwd, path.dirname(home)];
  return [...new Set(folders)].map((folder) => path.join(folder, "cluster.yml"));
}
