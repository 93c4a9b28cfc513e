/** What a benchmark measured. Units are in the names of the values. */
export interface Report {
  readonly version: 1;
  readonly benchmark: string;
  /** Which share of the host's processors was busy with something else just before each round, in percent: the highest. */
  readonly busyBeforePercent: number;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** One value of every row: its key there, its heading, and the unit in which it is shown. */
export interface Column {
  readonly key: string;
  readonly heading: string;
  readonly unit: "text" | "ms" | "s" | "MiB" | "ratio";
}

export type Row = Readonly<Record<string, string | number>>;

/** The report as a table with aligned columns. */
export function tableText({ columns, rows, busyBeforePercent }: Report): string {
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map((column) => shown(column, row[column.key]))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, `(the host was busy with other things for up to ${busyBeforePercent} % before a round)`].join("\n");
}

function shown({ unit }: Column, value: string | number | undefined): string {
  if (typeof value !== "number") return value ?? "";
  switch (unit) {
    case "s":
      return `${(value / 1000).toFixed(2)} s`;
    case "ms":
      return `${value.toFixed(0)} ms`;
    case "MiB":
      return `${value.toFixed(0)} MiB`;
    case "ratio":
      return value.toFixed(2);
    case "text":
      return String(value);
  }
}
