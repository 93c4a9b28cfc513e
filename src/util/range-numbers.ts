import { type Cursor, isDigit, readDigits, refuse, startsSpace } from "./range-cursor.ts";

/** Numbers from `from` to `to` inclusive, every `step`-th, each padded with zeros to `width` digits (0: not padded). */
export interface NumberRun {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly width: number;
}

/** More digits would not be exact as a number. */
const MAX_DIGITS = 15;

/** Reads `[1,3,7:9]` or `[0:10:2]` with the cursor on the bracket, and leaves it behind the closing one. */
export function readBracket(cursor: Cursor): readonly NumberRun[] {
  const open = cursor.at;
  const runs: NumberRun[] = [];
  if (cursor.text[open + 1] === "]") refuse(cursor, "these brackets are empty", "write [1:4]");
  do {
    cursor.at += 1;
    runs.push(readRun(cursor, open));
  } while (cursor.text[cursor.at] === ",");
  if (cursor.text[cursor.at] !== "]") refuseInBracket(cursor, open);
  cursor.at += 1;
  return runs;
}

/** Reads the `..4` of `node1..4`, with the cursor on the first dot; `first` are the digits before it. */
export function readDottedEnd(cursor: Cursor, first: string): NumberRun {
  const start = { text: cursor.text, at: cursor.at - first.length };
  cursor.at += 2;
  const last = readDigits(cursor);
  if (last === "") refuse(cursor, "a number is missing after the dots", "write node1..4");
  if (cursor.text[cursor.at] === ".") refuse(cursor, "the dots take two numbers only", "write node[0:10:2] for a step");
  return makeRun(start, { first, last, step: 1, mark: ".." });
}

function readRun(cursor: Cursor, open: number): NumberRun {
  const start = { text: cursor.text, at: cursor.at };
  const first = readNumber(cursor, open);
  if (cursor.text[cursor.at] !== ":") return makeRun(start, { first, last: first, step: 1, mark: ":" });
  cursor.at += 1;
  const last = readNumber(cursor, open);
  return makeRun(start, { first, last, step: readStep(cursor, open), mark: ":" });
}

function readStep(cursor: Cursor, open: number): number {
  if (cursor.text[cursor.at] !== ":") return 1;
  cursor.at += 1;
  const place = { ...cursor };
  const step = Number(readNumber(cursor, open));
  if (step === 0) refuse(place, "a step of zero never arrives", "leave the step out, or write 1 or more");
  return step;
}

function readNumber(cursor: Cursor, open: number): string {
  const place = { ...cursor };
  const digits = readDigits(cursor);
  if (digits === "") refuseInBracket(cursor, open);
  if (digits.length > MAX_DIGITS) refuse(place, `a number in a range has at most ${MAX_DIGITS} digits`);
  return digits;
}

function makeRun(
  place: Cursor,
  read: { readonly first: string; readonly last: string; readonly step: number; readonly mark: string },
): NumberRun {
  const { first, last, step, mark } = read;
  if (first.length > MAX_DIGITS || last.length > MAX_DIGITS) {
    refuse(place, `a number in a range has at most ${MAX_DIGITS} digits`);
  }
  const [from, to] = [Number(first), Number(last)];
  if (from > to) refuse(place, `"${first}${mark}${last}" runs backwards`, `write ${last}${mark}${first}`);
  const padded = isPadded(first) || isPadded(last);
  if (padded && first.length !== last.length) {
    const [a, b] = [first.padStart(last.length, "0"), last.padStart(first.length, "0")];
    refuse(place, `"${first}${mark}${last}" pads its two ends differently`, `write ${a}${mark}${b}`);
  }
  return { from, to, step, width: padded ? first.length : 0 };
}

function isPadded(digits: string): boolean {
  return digits.length > 1 && digits.startsWith("0");
}

function refuseInBracket(cursor: Cursor, open: number): never {
  const char = cursor.text[cursor.at];
  if (char === undefined) return refuse({ ...cursor, at: open }, "this bracket is never closed", "write node[1:4]");
  if (startsSpace(char)) return refuse(cursor, "a space stands inside brackets", "write [1,3,7:9]");
  if (char === "-" || char === ".") return refuse(cursor, `"${char}" stands inside brackets`, "write [1:4]");
  if (char === ":" && cursor.text[cursor.at - 1] !== ":" && isDigit(cursor.text[cursor.at - 1])) {
    return refuse(cursor, "a range has two ends and a step, no more", "write [0:10:2]");
  }
  if (char === "," || char === "]" || char === ":")
    return refuse(cursor, "a number is missing here", "write [1,3,7:9]");
  return refuse(
    cursor,
    `${JSON.stringify(char)} stands inside brackets`,
    "brackets hold numbers; write {a,b} for words",
  );
}
