import { type Document, isMap, isScalar, parseDocument, type Scalar as ScalarNode } from "yaml";
import { BeltError, messageOf } from "../../util/errors.ts";
import { guardVariables } from "./guard-variables.ts";
import type { Scalar } from "./tree.ts";
import { typedScalar } from "./typed-scalar.ts";

/** A value and the keys that lead to it from the top of the file. */
export type KeyChange = readonly [path: readonly string[], value: Scalar];

/**
 * Sets keys in the text of a cluster file. Comments and the order of keys stay; a value that is there already is replaced
 * in its place and nothing else is touched, a new key goes to the end of its map, and maps on the way are made.
 *
 * @throws BeltError `spec.invalid` where the text is no YAML, `usage.invalid` where a value stands in the way.
 */
export function setInClusterFile(text: string, changes: readonly KeyChange[]): string {
  return changes.reduce((current, [path, value]) => setOne(current, path, value), text);
}

function setOne(text: string, path: readonly string[], value: Scalar): string {
  const guarded = guardVariables(text);
  const document = parseDocument(guarded.text);
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw new BeltError("spec.invalid", `the cluster file is not valid YAML: ${guarded.restore(messageOf(fault))}`);
  }
  const node = document.getIn(path, true);
  const range = isScalar(node) ? replaceableRange(node) : undefined;
  if (isScalar(node) && range !== undefined) {
    return `${text.slice(0, range[0])}${writeScalar(value, isQuoted(node))}${text.slice(range[1])}`;
  }
  addKey(document, path, value);
  return guarded.restore(document.toString({ lineWidth: 0 }));
}

/** Where a value's characters are, if it has some on one line and nothing hangs on it. */
function replaceableRange(node: ScalarNode): readonly [number, number] | undefined {
  const [start, end] = node.range ?? [0, 0];
  const simple = node.type === "PLAIN" || isQuoted(node);
  const tagged = node.tag !== undefined || node.anchor !== undefined;
  return simple && !tagged && end > start && !String(node.source ?? "").includes("\n") ? [start, end] : undefined;
}

function isQuoted(node: ScalarNode): boolean {
  return node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE";
}

/** A value as YAML, readable inside `{ }` too. */
function writeScalar(value: Scalar, quoted: boolean): string {
  if (typeof value !== "string") return String(value);
  const bare = /^[A-Za-z0-9_~/][A-Za-z0-9_.~/-]*$/.test(value) && typeof typedScalar(value) === "string";
  return bare && !quoted ? value : JSON.stringify(value);
}

function addKey(document: Document, path: readonly string[], value: Scalar): void {
  for (const length of path.keys()) {
    const parent = path.slice(0, length);
    const node = length === 0 ? document.contents : document.getIn(parent, true);
    if (node === undefined || isMap(node)) continue;
    if (node !== null && !(isScalar(node) && node.value === null)) refuseObstacle(parent);
    if (length === 0) document.contents = document.createNode({});
    else document.setIn(parent, document.createNode({}));
  }
  document.setIn(path, value);
}

function refuseObstacle(parent: readonly string[]): never {
  const where = parent.length === 0 ? "the file" : parent.join(".");
  throw new BeltError("usage.invalid", `${where} is no map of keys, so that nothing can be set in it`, {
    hint: "change the cluster file by hand",
  });
}
