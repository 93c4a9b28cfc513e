/**
 * Runs `work` over `items`, at most `limit` at a time (one at least), and returns every outcome in the order of the items.
 * It never rejects: the caller decides what a failure means.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = new Array(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await settle(work, item, index);
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, worker));
  return results;
}

async function settle<T, R>(
  work: (item: T, index: number) => Promise<R>,
  item: T,
  index: number,
): Promise<PromiseSettledResult<R>> {
  try {
    return { status: "fulfilled", value: await work(item, index) };
  } catch (reason) {
    return { status: "rejected", reason };
  }
}

/** A lock for one process: callers run one after the other, in the order in which they asked. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => {});
    return result;
  }
}
