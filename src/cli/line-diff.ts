/** The lines that differ between two texts, `-` before the old ones and `+` before the new ones: a longest common subsequence. */
export function lineDiff(before: string, after: string): string {
  const old = before.split("\n");
  const fresh = after.split("\n");
  const lengths = commonLengths(old, fresh);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    const here = old[i];
    const there = fresh[j];
    if (here !== undefined && here === there) [i, j] = [i + 1, j + 1];
    else if (there === undefined || (here !== undefined && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      lines.push(`- ${here}`);
      i += 1;
    } else {
      lines.push(`+ ${there}`);
      j += 1;
    }
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** For each pair of ends, how many lines they have in common. */
function commonLengths(old: readonly string[], fresh: readonly string[]): readonly (readonly number[])[] {
  const rows: number[][] = Array.from({ length: old.length + 1 }, () => new Array<number>(fresh.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    const row = rows[i] ?? [];
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      row[j] = old[i] === fresh[j] ? at(rows, i + 1, j + 1) + 1 : Math.max(at(rows, i + 1, j), row[j + 1] ?? 0);
    }
  }
  return rows;
}

function at(rows: readonly (readonly number[])[], i: number, j: number): number {
  return rows[i]?.[j] ?? 0;
}
