import { type Cursor, isDigit, refuse, skipSpaces, startsSpace } from "./range-cursor.ts";
import { RangeFault } from "./range-fault.ts";
import { type NumberRun, readBracket, readDottedEnd } from "./range-numbers.ts";

/** One piece of a range: plain text, numbers in brackets (or around `..`), or alternatives in braces. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "numbers"; readonly runs: readonly NumberRun[] }
  | { readonly kind: "either"; readonly options: readonly (readonly Part[])[] };

/** One of the ranges that stand side by side in a text; `start` and `end` are offsets in it. */
export interface Item {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
}

/**
 * Reads a text of ranges side by side, separated by spaces or by commas, into parts. Nothing is expanded yet.
 *
 * @throws RangeFault for whatever is not in the grammar.
 */
export function readItems(text: string): readonly Item[] {
  const cursor: Cursor = { text, at: 0 };
  skipSpaces(cursor);
  if (cursor.at === text.length)
    throw new RangeFault("the range is empty", { text, at: 0, hint: "write a name such as node1, or node[1:4]" });
  const items: Item[] = [];
  while (cursor.at < text.length) {
    items.push(readItem(cursor));
    skipSeparator(cursor);
  }
  return items;
}

function readItem(cursor: Cursor): Item {
  const start = cursor.at;
  const parts = readParts(cursor, undefined);
  if (parts.length === 0) refuse(cursor, "a name is missing before the comma");
  return { start, end: cursor.at, parts };
}

function skipSeparator(cursor: Cursor): void {
  skipSpaces(cursor);
  if (cursor.text[cursor.at] !== ",") return;
  const comma = cursor.at;
  cursor.at += 1;
  skipSpaces(cursor);
  if (cursor.at === cursor.text.length) refuse({ ...cursor, at: comma }, "a name is missing after the comma");
}

/** Reads up to the end of the item or, where `brace` is the offset of an open one, up to the comma or brace that ends the alternative. */
function readParts(cursor: Cursor, brace: number | undefined): readonly Part[] {
  const parts: Part[] = [];
  for (;;) {
    const char = cursor.text[cursor.at];
    if (endsHere(cursor, char, brace)) return parts;
    if (char === "[") parts.push({ kind: "numbers", runs: readBracket(cursor) });
    else if (char === "{") parts.push(readBraces(cursor, brace));
    else if (char === ".") readDots(cursor, parts);
    else parts.push({ kind: "text", text: readText(cursor) });
  }
}

function endsHere(cursor: Cursor, char: string | undefined, brace: number | undefined): boolean {
  if (brace === undefined) return char === undefined || char === "," || startsSpace(char);
  if (char === undefined) refuse({ ...cursor, at: brace }, "this brace is never closed", "write {a,b}");
  if (startsSpace(char)) refuse(cursor, "a space stands inside braces", "write {a,b}");
  return char === "," || char === "}";
}

function readBraces(cursor: Cursor, outer: number | undefined): Part {
  const open = cursor.at;
  if (outer !== undefined)
    refuse(cursor, "braces do not stand inside braces", "write the alternatives side by side: {a,b,c}");
  const options: (readonly Part[])[] = [];
  do {
    cursor.at += 1;
    const option = readParts(cursor, open);
    if (option.length === 0) refuse(cursor, "an alternative is empty", "write {a,b}");
    options.push(option);
  } while (cursor.text[cursor.at] === ",");
  cursor.at += 1;
  return { kind: "either", options };
}

/** `node1..4`: the digits before the dots are taken off the text that was read last. */
function readDots(cursor: Cursor, parts: Part[]): void {
  const last = parts.pop();
  const digits = last?.kind === "text" ? /[0-9]+$/.exec(last.text)?.[0] : undefined;
  if (!cursor.text.startsWith("..", cursor.at))
    refuse(cursor, "a machine's name has no dots", "write node1..4 or node[1:4] for a range");
  if (last?.kind !== "text" || digits === undefined)
    refuse(cursor, "a number is missing before the dots", "write node1..4");
  const prefix = last.text.slice(0, -digits.length);
  if (prefix !== "") parts.push({ kind: "text", text: prefix });
  parts.push({ kind: "numbers", runs: [readDottedEnd(cursor, digits)] });
}

function readText(cursor: Cursor): string {
  const start = cursor.at;
  while (isNameChar(cursor.text[cursor.at])) cursor.at += 1;
  if (cursor.at === start) refuseChar(cursor);
  return cursor.text.slice(start, cursor.at);
}

function isNameChar(char: string | undefined): boolean {
  return char !== undefined && (isDigit(char) || (char >= "a" && char <= "z") || char === "-");
}

function refuseChar(cursor: Cursor): never {
  const char = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 0);
  if (char === "]" || char === "}") return refuse(cursor, `this ${char === "]" ? "bracket" : "brace"} closes nothing`);
  if (char === ":") return refuse(cursor, "a colon stands outside brackets", "write node[1:4]");
  if (char >= "A" && char <= "Z") {
    return refuse(
      cursor,
      `"${char}" is an uppercase letter`,
      `machine names are lowercase: ${cursor.text.trim().slice(0, 80).toLowerCase()}`,
    );
  }
  return refuse(
    cursor,
    `${JSON.stringify(char)} cannot stand in a machine's name`,
    "names have lowercase letters, digits and hyphens (RFC 1123)",
  );
}
