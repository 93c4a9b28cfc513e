import type { Clock } from "../util/clock.ts";

/** Milliseconds between looks: close together at first, since a node is there within milliseconds, then ever slower. */
const pauses: readonly number[] = [10, 20, 40, 80, 150, 250, 500];
const lastPauseMs = 1000;

/** Looks until `look` finds something or the time is over; resolves with `undefined` then. At least one look is made. */
export async function poll<T>(
  time: { readonly clock: Clock; readonly deadlineMs: number },
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const { clock, deadlineMs } = time;
  const end = clock.elapsed() + deadlineMs;
  for (let round = 0; ; round += 1) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const leftMs = end - clock.elapsed();
    if (leftMs <= 0) return undefined;
    await clock.sleep(Math.min(pauses[round] ?? lastPauseMs, leftMs), signal);
  }
}
