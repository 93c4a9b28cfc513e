import type { SpecProblem } from "./types.ts";

/** A place in the cluster file, or in the words of a `--set`. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly lineText: string;
}

/** What stands alone in YAML. */
export type Scalar = string | number | boolean | null;

/** A cluster file as a tree in which everything knows its place. */
export type Tree = ScalarTree | MapTree | ListTree;

export interface ScalarTree {
  readonly kind: "scalar";
  /** The value by YAML's rules. */
  readonly value: Scalar;
  /** The value as text: what is meant where a string is wanted and {@link soft} holds. */
  readonly text: string;
  /** Whether it was written without quotes, on one line. */
  readonly plain: boolean;
  /** Whether the text came from a variable or a `--set` without quotes, so that what the schema wants decides the type. */
  readonly soft: boolean;
  readonly place: Place;
  /** The place of the text's first character, where the text stands in the file character by character. */
  readonly textPlace: Place | undefined;
}

export interface MapTree {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly place: Place;
}

export interface ListTree {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly place: Place;
}

/** One key of a map with its value. */
export interface Entry {
  readonly keyPlace: Place;
  /** The place of the key's first character, behind a quote if there is one. */
  readonly keyTextPlace: Place;
  readonly node: Tree;
}

/** Keys and indexes from the top of the file. */
export type Path = readonly (string | number)[];

/** The part of the tree at a path, if there is one. */
export function lookUp(tree: Tree | undefined, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((node, step) => childOf(node, step), tree);
}

/** The key at a path with its value, if the file has it. */
export function entryAt(tree: Tree | undefined, path: Path): Entry | undefined {
  const parent = lookUp(tree, path.slice(0, -1));
  return parent?.kind === "map" ? parent.entries.get(String(path.at(-1))) : undefined;
}

/** The entries of a map; none where it is not one. */
export function entriesOf(tree: Tree | undefined): readonly (readonly [string, Entry])[] {
  return tree?.kind === "map" ? [...tree.entries] : [];
}

/** The text of a string, or of a value that may be read as one. */
export function textOf(tree: Tree | undefined): string | undefined {
  if (tree?.kind !== "scalar") return undefined;
  return tree.soft || typeof tree.value === "string" ? tree.text : undefined;
}

/** The place that belongs to a path: its value, else its key, else the nearest thing around it that the file has. */
export function placeOf(tree: Tree, path: Path): Place {
  const node = lookUp(tree, path);
  if (node?.kind === "scalar") return node.place;
  const entry = entryAt(tree, path);
  if (entry !== undefined) return entry.keyPlace;
  if (node !== undefined || path.length === 0) return node?.place ?? tree.place;
  return placeOf(tree, path.slice(0, -1));
}

/** The place of the character at `offset` of a scalar's text; its start where the text is not in the file as it is. */
export function placeInText(scalar: ScalarTree, offset: number): Place {
  const { textPlace, place } = scalar;
  return textPlace === undefined ? place : { ...textPlace, column: textPlace.column + offset };
}

/** A problem at a place. */
export function problemAt(place: Place, path: Path, message: string): SpecProblem {
  const { file, line, column, lineText } = place;
  return { file, line, column, key: formatPath(path), message, lineText };
}

/** `swarm.addressPools[0].base`; keys that are no plain words stand in quotes. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const key = /^[\w-]+$/.test(step) ? step : JSON.stringify(step);
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

function childOf(node: Tree | undefined, step: string | number): Tree | undefined {
  if (node?.kind === "map") return node.entries.get(String(step))?.node;
  if (node?.kind === "list") return node.items[Number(step)];
  return undefined;
}
