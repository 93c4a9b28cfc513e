import { visibleLine } from "../util/visible.ts";

/** Columns of text: a heading row, then one row per thing; cells are padded and the last one is not. Ends with a newline. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows.map((row) => row.map(visibleLine))];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all.map((row) => `${line(row, widths)}\n`).join("");
}

function line(row: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, column) => (row[column] ?? "").padEnd(width))
    .join("  ")
    .trimEnd();
}
