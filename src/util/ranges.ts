import { naturalCompare } from "./natural-compare.ts";
import { countNames, expandParts, longestName } from "./range-expand.ts";
import { RangeFault } from "./range-fault.ts";
import { type Item, readItems } from "./range-grammar.ts";

/** The most names that one call expands to; more are refused before anything is allocated. */
export const MAX_NAMES = 10_000;

/** The longest label that RFC 1123 allows. */
const MAX_LABEL = 63;

/**
 * The machine names that a text means, in the order written, each once: `node[1:4]`, `node1..4`, `node[01:10]`,
 * `node[1,3,7:9]`, `node[0:10:2]`, `r[1:2]n[1:3]`, `{a,b}[1:2]`, and several of them separated by spaces or commas.
 * Every name is an RFC 1123 label in lowercase.
 *
 * @throws RangeFault, a BeltError `usage.invalid`, with the text, a caret under the place and what is wrong with it.
 */
export function parseRange(text: string): string[] {
  const items = readItems(text);
  let total = 0;
  for (const item of items) {
    total += countNames(item.parts);
    checkSize(text, item, total);
  }
  return [...new Set(items.flatMap((item) => namesOf(text, item)))];
}

/**
 * {@link parseRange} over several texts: order kept, duplicates dropped.
 *
 * @throws RangeFault, also when all of them together are too many.
 */
export function parseRanges(texts: readonly string[]): string[] {
  const names = new Set<string>();
  for (const text of texts) {
    for (const name of parseRange(text)) names.add(name);
    if (names.size > MAX_NAMES) throw tooMany(text, 0);
  }
  return [...names];
}

/**
 * {@link parseRange} for machines that are to be made: a name that is only a number is a mistyped count or a name cut in two,
 * and as a host name it would be read as an address.
 *
 * @throws RangeFault
 */
export function parseNewNames(text: string): string[] {
  const names = parseRange(text);
  for (const { start, parts } of readItems(text)) {
    const number = expandParts(parts).find((name) => /^[0-9]+$/.test(name));
    if (number === undefined) continue;
    const hint = `a machine's name has a letter in it: node${number}, or node[1:4] for several`;
    throw new RangeFault(`"${number}" is only a number, not a name`, { text, at: start, hint });
  }
  return names;
}

/**
 * The inverse of {@link parseRange}: a short way to write these names, in natural order, separated by commas without
 * spaces, such as `mg[0:2],node[1,3,7:9]`. Padding is kept and products are folded (`r[1:2]n[1:3]`).
 */
export function compressNames(names: Iterable<string>): string {
  const sorted = [...new Set(names)].sort(naturalCompare);
  let rows: readonly Row[] = sorted.map((name) => name.split(NUMBER));
  const widest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  for (let column = widest - 2; column > 0; column -= 2) rows = foldColumn(rows, column);
  return rows.map((row) => row.join("")).join(",");
}

function checkSize(text: string, item: Item, total: number): void {
  if (total > MAX_NAMES) throw tooMany(text, item.start);
  const length = longestName(item.parts);
  if (length <= MAX_LABEL) return;
  const hint = `a name has at most ${MAX_LABEL} characters (RFC 1123)`;
  throw new RangeFault(`this makes a name of ${length} characters`, { text, at: item.start, hint });
}

function tooMany(text: string, at: number): RangeFault {
  return new RangeFault(`this makes more than ${MAX_NAMES.toLocaleString("en-US")} names`, {
    text,
    at,
    hint: "name fewer machines at once",
  });
}

function namesOf(text: string, item: Item): readonly string[] {
  const names = expandParts(item.parts);
  const first = names.find((name) => name.startsWith("-"));
  if (first !== undefined) throw hyphen(text, item.start, `the name "${first}" begins with a hyphen`);
  const last = names.find((name) => name.endsWith("-"));
  if (last !== undefined) throw hyphen(text, item.end - 1, `the name "${last}" ends with a hyphen`);
  return names;
}

function hyphen(text: string, at: number, says: string): RangeFault {
  return new RangeFault(says, { text, at, hint: "a name begins and ends with a letter or a digit (RFC 1123)" });
}

/** A name cut into text and numbers in turn: text at even columns, numbers (or brackets, once folded) at odd ones. */
type Row = readonly string[];

/** Numbers that a range can hold; longer ones stay text. */
const NUMBER = /((?<![0-9])[0-9]{1,15}(?![0-9]))/;

/** Makes one row of all rows that differ in this column only. */
function foldColumn(rows: readonly Row[], column: number): readonly Row[] {
  const groups = new Map<string, { readonly row: Row; readonly numbers: string[] }>();
  for (const row of rows) {
    const number = row[column];
    const key = JSON.stringify(number === undefined ? row : row.with(column, ""));
    const group = groups.get(key) ?? { row, numbers: [] };
    groups.set(key, group);
    if (number !== undefined) group.numbers.push(number);
  }
  return [...groups.values()].map(({ row, numbers }) =>
    numbers.length > 1 ? row.with(column, bracket(numbers)) : row,
  );
}

/** `[1,3,7:9]` of numbers in natural order. Those as wide as a padded one stand with it, so that no range mixes widths. */
function bracket(numbers: readonly string[]): string {
  const paddedWidths = new Set(numbers.filter((number) => /^0./.test(number)).map((number) => number.length));
  const widthOf = (number: string): number => (paddedWidths.has(number.length) ? number.length : 0);
  const runs: { readonly first: string; last: string }[] = [];
  for (const width of new Set(numbers.map(widthOf))) {
    const from = runs.length;
    for (const number of numbers.filter((candidate) => widthOf(candidate) === width)) {
      const run = runs.slice(from).at(-1);
      if (run !== undefined && Number(run.last) + 1 === Number(number)) run.last = number;
      else runs.push({ first: number, last: number });
    }
  }
  runs.sort((a, b) => naturalCompare(a.first, b.first));
  return `[${runs.map((run) => (run.first === run.last ? run.first : `${run.first}:${run.last}`)).join(",")}]`;
}
