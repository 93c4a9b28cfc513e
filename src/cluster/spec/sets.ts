import { isScalar, parseDocument } from "yaml";
import {
  type Entry,
  type ListTree,
  type MapTree,
  type Place,
  placeOf,
  problemAt,
  type ScalarTree,
  type Tree,
} from "./tree.ts";
import { typedScalar } from "./typed-scalar.ts";
import type { SpecProblem } from "./types.ts";

/** One value for one path of the cluster file, from the command line. */
export interface PathSet {
  readonly path: readonly string[];
  readonly value: ScalarTree;
  readonly keyPlace: Place;
}

/** All `--set` words, sorted out. */
export interface Sets {
  readonly paths: readonly PathSet[];
  readonly variables: ReadonlyMap<string, string>;
  /** The place of each variable's name, to point at one that nothing asks for. */
  readonly variablePlaces: ReadonlyMap<string, Place>;
  readonly problems: readonly SpecProblem[];
}

/**
 * Sorts out `--set NAME=value`. A NAME in capitals without a dot (`REGION`, `NODE_SIZE`) fills `${NAME}`; any other name
 * is the path of a key (`protect`, `engine.version`, `groups.workers.machines`, `engine.mirrors.0`), since no key of a
 * cluster file is in capitals. A dot that belongs to a key is written `\.`. The value of a path is one YAML scalar:
 * `5`, `true`, `"5"`; without quotes the schema decides between the number and the word.
 */
export function parseSets(words: readonly string[]): Sets {
  const paths: PathSet[] = [];
  const problems: SpecProblem[] = [];
  const variables = new Map<string, string>();
  const variablePlaces = new Map<string, Place>();
  for (const word of words) {
    const place: Place = { file: "--set", line: 1, column: 1, lineText: word };
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const path = splitKeys(name);
    if (equals < 0) problems.push(problemAt(place, [], "needs a value: write --set key=value"));
    else if (path.includes(""))
      problems.push(problemAt(place, [], "names no key before the equals sign, or an empty one"));
    else if (isVariable(name)) {
      variables.set(name, word.slice(equals + 1));
      variablePlaces.set(name, place);
    } else paths.push({ path, keyPlace: place, value: readValue(word, equals + 1, place) });
  }
  return { paths, variables, variablePlaces, problems };
}

/** Puts each value at its path; maps on the way there are made, values on the way there are problems. */
export function applySets(
  tree: MapTree,
  sets: readonly PathSet[],
): { readonly tree: MapTree; readonly problems: readonly SpecProblem[] } {
  const problems: SpecProblem[] = [];
  let current = tree;
  for (const set of sets) {
    const changed = put(current, set, 0);
    if (changed?.kind === "map") current = changed;
    else problems.push(problemAt(set.keyPlace, set.path, describeObstacle(current, set)));
  }
  return { tree: current, problems };
}

/** `a.b\.c` → `a`, `b.c`: the keys of a path on the command line. */
export function splitKeys(path: string): readonly string[] {
  return path.split(/(?<!\\)\./).map((key) => key.replaceAll("\\.", "."));
}

/** Whether a name of `--set` is a variable's, and not the path of a key. */
export function isVariable(name: string): boolean {
  return /^[A-Z_][A-Z0-9_]*$/.test(name);
}

function readValue(word: string, from: number, place: Place): ScalarTree {
  const text = word.slice(from);
  const textPlace = { ...place, column: from + 1 };
  const document = /^["']/.test(text) ? parseDocument(text, { prettyErrors: false }) : undefined;
  const quoted = document?.contents;
  if (document?.errors.length === 0 && isScalar(quoted) && typeof quoted.value === "string") {
    return {
      kind: "scalar",
      value: quoted.value,
      text: quoted.value,
      plain: false,
      soft: false,
      place: textPlace,
      textPlace: undefined,
    };
  }
  return { kind: "scalar", value: typedScalar(text), text, plain: true, soft: true, place: textPlace, textPlace };
}

/** The tree with the value put in; `undefined` where something that is no map or list is in the way. */
function put(tree: Tree, set: PathSet, depth: number): Tree | undefined {
  const key = set.path[depth];
  if (key === undefined) return set.value;
  if (tree.kind === "list") return putInList(tree, set, depth);
  if (tree.kind === "scalar" && tree.value !== null) return undefined;
  const entries = tree.kind === "map" ? tree.entries : new Map<string, Entry>();
  const there = entries.get(key);
  const node = put(there?.node ?? emptyFor(set, depth + 1), set, depth + 1);
  if (node === undefined) return undefined;
  const keyPlace = there?.keyPlace ?? set.keyPlace;
  const entry: Entry = { keyPlace, keyTextPlace: there?.keyTextPlace ?? keyPlace, node };
  return { kind: "map", entries: new Map([...entries, [key, entry]]), place: tree.place };
}

function putInList(tree: ListTree, set: PathSet, depth: number): Tree | undefined {
  const index = /^[0-9]{1,4}$/.test(set.path[depth] ?? "") ? Number(set.path[depth]) : -1;
  if (index < 0 || index > tree.items.length) return undefined;
  const node = put(tree.items[index] ?? emptyFor(set, depth + 1), set, depth + 1);
  if (node === undefined) return undefined;
  const items = index === tree.items.length ? [...tree.items, node] : tree.items.with(index, node);
  return { ...tree, items };
}

/** What a path makes on its way: a list for its item 0, else a map. */
function emptyFor(set: PathSet, depth: number): MapTree | ListTree {
  const place = set.keyPlace;
  return set.path[depth] === "0" ? { kind: "list", items: [], place } : { kind: "map", entries: new Map(), place };
}

function describeObstacle(tree: Tree, set: PathSet): string {
  const place = placeOf(tree, set.path);
  return `cannot be set: ${place.file}:${place.line} has a value or a shorter list on the way there`;
}
