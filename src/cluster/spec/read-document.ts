import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
  type YAMLParseError,
} from "yaml";
import { messageOf } from "../../util/errors.ts";
import { guardVariables } from "./guard-variables.ts";
import {
  type Entry,
  type MapTree,
  type Path,
  type Place,
  problemAt,
  type Scalar,
  type ScalarTree,
  type Tree,
} from "./tree.ts";
import type { SpecProblem } from "./types.ts";

/** What a text is as YAML. Where it is not a map of keys, `tree` is absent and a problem says why. */
export interface ReadDocument {
  readonly tree: MapTree | undefined;
  readonly problems: readonly SpecProblem[];
}

/** Far more than any cluster file: keeps files made to exhaust memory (aliases of aliases, endless nesting) out. */
const MAX_CHARACTERS = 1_000_000;
const MAX_NODES = 50_000;
const MAX_DEPTH = 50;

/** Reads YAML 1.2 into a tree with places. All syntax errors and repeated keys are reported at once; never throws. */
export function readDocument(file: string, text: string): ReadDocument {
  const top: Place = { file, line: 1, column: 1, lineText: text.split("\n", 1)[0]?.trimEnd() ?? "" };
  if (text.length > MAX_CHARACTERS) return refusal(top, "is too large for a cluster file");
  try {
    const lines = new LineCounter();
    const guarded = guardVariables(text);
    const document = parseDocument(guarded.text, { lineCounter: lines, prettyErrors: false });
    const places = placesOf(file, text, lines);
    const faults = [...worthTelling(document.errors), ...document.warnings];
    const problems = faults.map((fault) =>
      problemAt(places(startOfFault(fault, text)), [], guarded.restore(describeSyntax(fault, text))),
    );
    if (faults.some((fault) => fault.code !== "DUPLICATE_KEY")) return { tree: undefined, problems };
    const walked = walkDocument({ document, text, places, restore: guarded.restore, problems: [], nodes: 0 }, top);
    return { tree: walked.tree, problems: [...problems, ...walked.problems] };
  } catch (error) {
    return refusal(top, `cannot be read as YAML: ${messageOf(error)}`);
  }
}

/** Without the errors that only follow from another one: once YAML has met a word that it does not expect, it has lost its place. */
function worthTelling(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const lostAt = errors.find((error) => error.code === "UNEXPECTED_TOKEN")?.pos[0] ?? Number.POSITIVE_INFINITY;
  const told = errors.filter((error) => error.pos[0] <= lostAt || error.code === "DUPLICATE_KEY");
  return told.filter((error, index) => told.findIndex(({ pos }) => pos[0] === error.pos[0]) === index);
}

function refusal(place: Place, message: string): ReadDocument {
  return { tree: undefined, problems: [problemAt(place, [], message)] };
}

function describeSyntax(fault: YAMLError, text: string): string {
  if (/^Unexpected flow-seq-start at/.test(fault.message)) {
    return 'a bracket stands behind a word: put a range in quotes, such as "node[1:4]"';
  }
  if (fault.code !== "DUPLICATE_KEY") return fault.message.charAt(0).toLowerCase() + fault.message.slice(1);
  const key = /^(?:"[^"]*"|'[^']*'|[^\s:,}]+)/.exec(text.slice(startOfFault(fault, text)))?.[0] ?? "";
  return `the key ${key} stands in this map twice`;
}

/** For a repeated key, YAML points at what stands before it: spaces, commas, comments. */
function startOfFault(fault: YAMLError, text: string): number {
  const [start] = fault.pos;
  const before = fault.code === "DUPLICATE_KEY" ? /^(?:[\s,]|#[^\n]*)*/.exec(text.slice(start))?.[0] : "";
  return start + (before?.length ?? 0);
}

type Places = (offset: number) => Place;

function placesOf(file: string, text: string, lines: LineCounter): Places {
  return (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const start = lines.lineStarts[line - 1] ?? 0;
    const end = text.indexOf("\n", start);
    return { file, line, column: col, lineText: text.slice(start, end < 0 ? undefined : end).trimEnd() };
  };
}

interface Walk {
  readonly document: Document;
  /** The file as it is written. */
  readonly text: string;
  readonly places: Places;
  readonly restore: (text: string) => string;
  readonly problems: SpecProblem[];
  nodes: number;
}

function walkDocument(walk: Walk, top: Place): ReadDocument {
  const contents = walk.document.contents;
  if (contents === null) return refusal(top, "is empty: a cluster file begins with version, name and provider");
  const tree = readNode(walk, contents, []);
  if (tree.kind === "map") return { tree, problems: walk.problems };
  const problem = problemAt(tree.place, [], "must be a map of keys, such as version: 1");
  return { tree: undefined, problems: [...walk.problems, problem] };
}

function readNode(walk: Walk, node: unknown, path: Path): Tree {
  walk.nodes += 1;
  if (walk.nodes > MAX_NODES || path.length > MAX_DEPTH) throw new Error("it is nested or repeated beyond all measure");
  if (isAlias(node)) return readAlias(walk, node, path);
  const place = walk.places(startOf(node));
  if (isSeq(node)) {
    return { kind: "list", place, items: node.items.map((item, index) => readNode(walk, item, [...path, index])) };
  }
  if (isMap(node)) {
    return { kind: "map", place, entries: readEntries(walk, node.items, path) };
  }
  return isScalar(node) ? readScalar(walk, node) : emptyScalar(place);
}

/**
 * Of a repeated key, the first one counts; the other one is a problem already. What merge keys (`<<`) bring in comes behind the
 * map's own keys, which go before it, and keeps the place where it is written.
 */
function readEntries(walk: Walk, pairs: readonly KeyAndValue[], path: Path): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  const add = (key: string, entry: Entry): unknown => entries.has(key) || entries.set(key, entry);
  for (const pair of pairs.filter((one) => !isMergeKey(one.key))) {
    const [key, entry] = readEntry(walk, pair, path) ?? [];
    if (key !== undefined && entry !== undefined) add(key, entry);
  }
  for (const { value } of pairs.filter((one) => isMergeKey(one.key)))
    for (const [key, entry] of mergedEntries(walk, value, path)) add(key, entry);
  return entries;
}

/** YAML 1.1's merge key, which many files use all the same: <https://yaml.org/type/merge.html>. In quotes it is a key like others. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

/** The entries of a map, or of several, of which earlier ones go before later ones. */
function mergedEntries(walk: Walk, value: unknown, path: Path): readonly (readonly [string, Entry])[] {
  const tree = readNode(walk, value, [...path, "<<"]);
  const maps = tree.kind === "list" ? tree.items : [tree];
  return maps.flatMap((map) => {
    if (map.kind === "map") return [...map.entries];
    walk.problems.push(
      problemAt(map.place, path, "<< merges maps only: write <<: *NAME of a map with the anchor &NAME"),
    );
    return [];
  });
}

interface KeyAndValue {
  readonly key: unknown;
  readonly value: unknown;
}

function readAlias(walk: Walk, alias: Alias, path: Path): Tree {
  const target = alias.resolve(walk.document);
  return target === undefined ? emptyScalar(walk.places(startOf(alias))) : readNode(walk, target, path);
}

function readEntry(walk: Walk, pair: KeyAndValue, path: Path): readonly [string, Entry] | undefined {
  const keyPlace = walk.places(startOf(pair.key));
  if (!isScalar(pair.key) || pair.key.value === null || pair.key.value === "") {
    walk.problems.push(problemAt(keyPlace, path, "a key must be a word"));
    return undefined;
  }
  const scalar = readScalar(walk, pair.key);
  const key = scalar.text;
  const node = pair.value === null ? emptyScalar(keyPlace) : readNode(walk, pair.value, [...path, key]);
  return [key, { keyPlace, keyTextPlace: scalar.textPlace ?? keyPlace, node }];
}

function readScalar(
  walk: Walk,
  node: Node & { readonly value: unknown; readonly source?: string; readonly type?: string },
): ScalarTree {
  const start = startOf(node);
  const place = walk.places(start);
  const raw = scalarOf(node.value);
  const value = typeof raw === "string" ? walk.restore(raw) : raw;
  const text = typeof value === "string" ? value : (node.source ?? String(value));
  const quoted = node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
  const from = quoted ? start + 1 : start;
  const literal = text !== "" && walk.text.startsWith(text, from) && !text.includes("\n");
  return {
    kind: "scalar",
    value,
    text,
    plain: node.type === "PLAIN",
    soft: false,
    place,
    textPlace: literal ? walk.places(from) : undefined,
  };
}

function emptyScalar(place: Place): ScalarTree {
  return { kind: "scalar", value: null, text: "", plain: true, soft: false, place, textPlace: undefined };
}

function scalarOf(value: unknown): Scalar {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return value === null || value === undefined ? null : String(value);
}

function startOf(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}
