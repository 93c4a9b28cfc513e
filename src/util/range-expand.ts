import type { Part } from "./range-grammar.ts";
import type { NumberRun } from "./range-numbers.ts";

/** Every name that these parts make, in the order written; the product of all parts. */
export function expandParts(parts: readonly Part[]): string[] {
  return parts.reduce<string[]>(
    (heads, part) => {
      const tails = valuesOf(part);
      return heads.flatMap((head) => tails.map((tail) => head + tail));
    },
    [""],
  );
}

/** How many names {@link expandParts} would make, with repeated ones; beyond exact integers it only says "too many". */
export function countNames(parts: readonly Part[]): number {
  return parts.reduce((product, part) => {
    if (part.kind === "text") return product;
    const sizes = part.kind === "numbers" ? part.runs.map(sizeOf) : part.options.map(countNames);
    return product * sum(sizes);
  }, 1);
}

/** The length of the longest name that {@link expandParts} would make. */
export function longestName(parts: readonly Part[]): number {
  return sum(
    parts.map((part) => {
      if (part.kind === "text") return part.text.length;
      return longest(part.kind === "either" ? part.options.map(longestName) : part.runs.map(lengthOfLast));
    }),
  );
}

function valuesOf(part: Part): readonly string[] {
  if (part.kind === "text") return [part.text];
  if (part.kind === "either") return part.options.flatMap(expandParts);
  return part.runs.flatMap((run) => Array.from({ length: sizeOf(run) }, (_, index) => numberAt(run, index)));
}

function sizeOf(run: NumberRun): number {
  return Math.floor((run.to - run.from) / run.step) + 1;
}

function lengthOfLast(run: NumberRun): number {
  return numberAt(run, sizeOf(run) - 1).length;
}

function numberAt(run: NumberRun, index: number): string {
  return String(run.from + index * run.step).padStart(run.width, "0");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function longest(lengths: readonly number[]): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}
