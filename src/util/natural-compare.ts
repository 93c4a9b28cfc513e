/**
 * Orders names as people count: `node2` before `node10`, `node1` before `node01`. A total order on strings, for `sort`; runs
 * of digits compare by value however long they are, everything else by code unit.
 */
export function naturalCompare(a: string, b: string): number {
  const left = pieces(a);
  const right = pieces(b);
  for (const [index, piece] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = comparePieces(piece, other);
    if (order !== 0) return order;
  }
  return left.length - right.length || a.length - b.length || compareText(a, b);
}

function pieces(text: string): readonly string[] {
  return text.match(/[0-9]+|[^0-9]+/g) ?? [];
}

function comparePieces(a: string, b: string): number {
  const aIsNumber = startsWithDigit(a);
  const bIsNumber = startsWithDigit(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return aIsNumber ? compareNumbers(a.replace(/^0+/, ""), b.replace(/^0+/, "")) : compareText(a, b);
}

function startsWithDigit(text: string): boolean {
  return text >= "0" && text < ":";
}

/** Compares digits without leading zeros: the longer one is the larger one. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
