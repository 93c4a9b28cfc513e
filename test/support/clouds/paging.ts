/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly number: number;
  readonly last: number;
  readonly total: number;
}

/** The page of this number, counted from 1; empty beyond the last one. */
export function pageOf<T>(all: readonly T[], number: number, size: number): Page<T> {
  const items = all.slice((number - 1) * size, number * size);
  return { items, number, last: Math.max(1, Math.ceil(all.length / size)), total: all.length };
}
